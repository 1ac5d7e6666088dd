-- question: Which value has a given share of a distribution at or below it?
-- inputs:

-- `counted` names a relation: key, values, counts; values distinct, in any order.
-- One row per key: the least value x with F(x) >= share, as q500 and its kin are.
create macro value_quantiles(counted, share) as table
with points as (
    select key, unnest("values")::double as v, unnest(counts) as n
    from query_table(counted)
),
cumulative as (
    select
        key, v,
        sum(n) over (partition by key order by v) as below,
        sum(n) over (partition by key) as total,
    from points
)
select key, min(v) as quantile
from cumulative
where below >= share * total
group by key;
