-- question: What are the singular values of a tensor?
-- grain: one row per matrix view and singular value, the largest first
-- param: model text from checkpoints.model — the model
-- param: tensor text from tensors.tensor — its tensor
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: view text = null — null: all but kernel offsets; else q, expert.3, …
-- inputs: matrices, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, view, index:
--   singular_value, relative, energy_fraction
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — the matrix view
-- column: index integer — 1 for the largest
-- column: singular_value real — σ
-- column: relative real fraction — σ / σ₁
-- column: energy_fraction real fraction — energy of this and all larger ones

with listed as (
    select
        model, revision, tensor, view, spectral_norm, frobenius_norm,
        unnest(singular_values) as sigma,
        generate_subscripts(singular_values, 1) as index,
    from matrices
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model
        and tensor = $tensor
        and coalesce(view = $view, matrix_view <> 'kernel_offset')
)
select
    model,
    revision,
    tensor,
    view,
    index,
    sigma as singular_value,
    ratio(sigma, spectral_norm) as relative,
    ratio(
        sum(sigma * sigma) over (partition by view order by index),
        frobenius_norm * frobenius_norm
    ) as energy_fraction,
from listed
order by view, index
