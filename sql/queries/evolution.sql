-- question: How does the spectrum of a tensor move from step to step?
-- grain: one row per step and singular value; the picture `evolution` draws it
-- param: model text from checkpoints.model — the training run
-- param: tensor text from tensors.tensor — its tensor
-- param: view text = null — null: the first of its matrices; else whole, q, expert.3, …
-- inputs: matrices
-- partitions: $model
-- shows: model, tensor, view, step, index: singular_value, noise_edge
-- column: model text — hub id or local label of the model
-- column: tensor text — full state-dict key
-- column: view text — the matrix view
-- column: step integer steps — optimiser step
-- column: index integer — 1 for the largest
-- column: singular_value real — σ
-- column: noise_edge real — √mp_edge: the largest that noise of its size would have

with asked as (
    select model, tensor, view, step, singular_values, sqrt(mp_edge) as noise_edge,
    from matrices
    where model = $model
        and tensor = $tensor
        and step is not null
        and coalesce(view = $view, matrix_view <> 'kernel_offset')
    -- The whole where there is one, else the first of the parts: never a mixture.
    qualify dense_rank() over (order by view <> 'whole', view) = 1
)
select
    model, tensor, view, step,
    generate_subscripts(singular_values, 1) as index,
    unnest(singular_values) as singular_value,
    noise_edge,
from asked
order by step, index
