-- question: Was a tensor measured as values that its scales say are codes?
-- grain: one row per measured integer or 8-bit tensor beside scales of its own
-- inputs: tensors
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: dtype text — safetensors code of the element type
-- column: scales text — the tensor beside it that is named as scales

with named as (
    select
        model, revision, tensor, dtype, status, quantisation, n_cols,
        regexp_replace(tensor, '[._]?(weight|qweight)$', '') as module,
        regexp_extract(
            tensor,
            '^(.*?)[._](weight[._])?(scale|scales|scale_inv|scale_weight|absmax)$',
            1
        ) as scaled,
    from tensors
),
codes as (
    select model, revision, tensor, dtype, module
    from named
    where status in ('ok', 'aliased')
        and quantisation is null
        and n_cols > 1
        and (dtype like 'F8%' or dtype in ('U8', 'I8', 'U16', 'I16', 'U32', 'I32'))
)
select
    c.model,
    c.revision,
    c.tensor,
    c.dtype,
    min(n.tensor) as scales,
from codes as c
join named as n
    on n.model = c.model
    and n.revision = c.revision
    and n.scaled = c.module
    and n.scaled <> ''
group by c.model, c.revision, c.tensor, c.dtype
order by c.model, c.revision, c.tensor
