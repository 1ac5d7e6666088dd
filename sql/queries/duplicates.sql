-- question: Which tensors hold the same values, bit for bit, across the zoo?
-- grain: one row per digest that several tensors share, the most bytes first
-- param: model text = null from checkpoints.model — only digests that it holds
-- param: min_elements integer = 2 — least elements of a tensor
-- inputs: tensors, scalars
-- shows: first_tensor, shape: n_tensors, n_checkpoints, n_models, n_bytes_repeated
-- column: digest text — xxh3-128 over dtype, shape and bytes
-- column: dtype text — safetensors code of the element type
-- column: shape text — sizes as stored, joined by ×
-- column: n_tensors integer tensors — that hold these values
-- column: n_checkpoints integer — in so many checkpoints
-- column: n_models integer — of so many models
-- column: n_bytes_repeated integer bytes — of all but one of them
-- column: first_tensor text — one of them, as model@revision tensor
-- column: last_tensor text — another, as model@revision tensor

select
    digest,
    first(dtype order by model, revision, position) as dtype,
    first(shape order by model, revision, position) as shape,
    count(*) as n_tensors,
    count(distinct (model, revision)) as n_checkpoints,
    count(distinct model) as n_models,
    (sum(n_bytes) - max(n_bytes))::bigint as n_bytes_repeated,
    first(
        model || '@' || revision || ' ' || tensor order by model, revision, position
    ) as first_tensor,
    last(
        model || '@' || revision || ' ' || tensor order by model, revision, position
    ) as last_tensor,
from tensors
where digest is not null and n_elements >= $min_elements
group by digest
having count(*) > 1 and bool_or(is_asked(model, $model))
order by n_bytes_repeated desc, first_tensor
