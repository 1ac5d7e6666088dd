-- question: Does the new checkpoint hold NaN or infinite values?
-- grain: one row if it does
-- param: model text — of the checkpoint
-- param: revision text — of the checkpoint
-- inputs: weights
-- partitions: $model
-- column: severity text — serious
-- column: evidence text — how many tensors and values, and the first tensor
-- column: n_tensors integer tensors — that hold such values
-- column: n_values integer elements — NaN or infinite

select
    'serious' as severity,
    count(*) || ' of ' || any_value(n_all) || ' tensors hold '
        || sum(n_nan)::bigint || ' NaN and ' || sum(n_inf)::bigint
        || ' infinite values, the first ' || first(tensor order by position)
        as evidence,
    count(*) as n_tensors,
    sum(n_nan + n_inf)::bigint as n_values,
from (
    select
        tensor, position, n_nan,
        n_pos_inf + n_neg_inf as n_inf,
        count(*) over () as n_all,
    from weights
    where model = $model
        and revision = $revision
)
where n_nan + n_inf > 0
having count(*) > 0
