-- question: How does the spectrum of every matrix fall?
-- grain: one row per checkpoint, tensor and matrix view, by model and step
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — only this checkpoint
-- param: most integer = null in 2.. — only so many checkpoints of a model, evenly taken
-- param: points integer = 24 in 2.. — how many singular values to show
-- inputs: matrices, even_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, view: stable_rank, effective_rank, rank_90
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — whole, q, k, v, gate, up, expert.3, …: no kernel offsets
-- column: n_values integer — singular values there are
-- column: relative list of real — σ / σ₁ at evenly spaced ranks, the first and last too
-- column: spectral_norm real — largest singular value
-- column: stable_rank real dimensions — energy in units of the largest direction
-- column: effective_rank real dimensions — exponential of the entropy of σ
-- column: rank_90 integer dimensions — least rank that keeps 90 % of the energy
-- column: condition_number real ratio — σ₁ / σ_min, null when σ_min is 0
-- column: alpha real — exponent of the power-law tail

with shown as (
    select *, len(singular_values) as n_values,
    from matrices
    semi join even_checkpoints($most) using (model, revision)
    where status = 'ok'
        and matrix_view <> 'kernel_offset'
        and is_asked(model, $model)
        and is_asked(revision, $revision)
)
select
    model,
    revision,
    tensor,
    view,
    n_values,
    list_transform(
        range(least($points, n_values)),
        lambda i: ratio(
            singular_values[
                1 + coalesce(
                    (i * (n_values - 1))
                        // nullif(least($points, n_values) - 1, 0),
                    0
                )
            ],
            spectral_norm
        )
    ) as relative,
    spectral_norm,
    stable_rank,
    effective_rank,
    rank_90,
    condition_number,
    alpha,
from shown
order by model, step nulls first, revision, layer, position, view
