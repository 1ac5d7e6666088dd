-- question: Which entries stand for each weight, and which of another model compare?
-- grain: one row per weight with a sketch; aliases and buffers have none
-- inputs: tensors, sketches, tensor_stats, checkpoints, components
-- column: slot text — role and sizes, or name and sizes where others share the role,
--   and the convention in which the file stores it: what has the same slot is compared
-- column: n_elements real elements — of the weight that codes stand for
-- column: norm real — Frobenius norm
-- column: eps real relative — width of a stored value: of its dtype; 2 for codes, whose
--   width is anything

with placed as (
    select
        *,
        -- A scalar has no size.
        list_filter(
            split(coalesce(logical_shape, shape), '×'), lambda size: size <> ''
        )::bigint[] as sizes,
        concat_ws(' ', stack, layer, component, parameter, expert) as role,
    from tensors
    where not is_buffer
),
-- What converters turn into another convention is compared among its like alone: rows
-- of q and k in rotary pairs, whole factors of Gemma's norms, decays of a state.
conventions as (
    select
        c.model,
        c.revision,
        w.component,
    from checkpoints as c
    join components as w
        on (w.rotates and not w.is_norm)
        or (c.family = 'gguf' and w.component = 'ssm_a_log')
        or (c.family = 'gguf' and c.architecture like 'gemma%' and w.is_norm)
    where c.family in ('gguf', 'llama_meta')
),
named as (
    select
        *,
        if(
            component <> 'other'
                and count(*) over (partition by model, revision, role, sizes) = 1,
            role,
            tensor
        ) as name,
    from placed
)
select
    n.model,
    n.revision,
    n.step,
    n.tensor,
    -- A matrix stored the other way round has the same sketch.
    n.name || ' ' || list_sort(n.sizes)::varchar || if(
        exists (
            from conventions as c
            where c.model = n.model
                and c.revision = n.revision
                and n.component = c.component
        ),
        ' as converted',
        ''
    ) as slot,
    s.digest,
    coalesce(list_product(n.sizes), 1) as n_elements,
    t.frobenius_norm as norm,
    t.kurtosis,
    case
        when n.quantisation is not null then 2.0
        when n.dtype in ('F64', 'I64', 'U64') then pow(2, -52)
        when n.dtype in ('F32', 'I32', 'U32') then pow(2, -23)
        when n.dtype = 'F16' then pow(2, -10)
        when n.dtype = 'BF16' then pow(2, -7)
        when n.dtype like 'F8_E4M3%' then pow(2, -3)
        when n.dtype like 'F8_E5M2%' then pow(2, -2)
    end as eps,
    s.entries,
from named as n
join sketches as s
    on s.model = n.model
    and s.revision = n.revision
    and s.tensor = n.tensor
left join tensor_stats as t
    on t.model = n.model
    and t.revision = n.revision
    and t.tensor = n.tensor
