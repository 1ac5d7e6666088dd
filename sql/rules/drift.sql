-- question: Do the weights grow or shrink for long, beyond all that they did before?
-- grain: one row at the step at which they begin to
-- param: series text — of the checkpoint
-- param: revision text — of the checkpoint
-- param: factor real = 2.5 in 1.. — how many times the largest such change before
-- param: past integer = 8 in 3.. — steps over which a change is measured
-- inputs: series_tensors
-- column: severity text — warning
-- column: evidence text — how many times beyond, and the share of tensors
-- column: ratio real — median over the tensors: change of ln norm over `past` steps,
--   over the largest one before
-- column: n_tensors integer tensors — that were asked

with changes as (
    select
        tensor,
        revision,
        place,
        abs(ln(norm) - ln(lag(norm, $past) over by_place)) as change,
    from series_tensors
    where series = $series
        and is_trained
        and n_elements >= 16
        and norm > 0
        and n_nan + n_inf = 0
    window by_place as (partition by tensor order by place)
),
judged as (
    select
        revision,
        place,
        -- Windows that share steps with this one would hold it down.
        change / nullif(max(change) over (
            partition by tensor order by place
            rows between unbounded preceding and $past preceding
        ), 0) as ratio,
        count(change) over (
            partition by tensor order by place
            rows between unbounded preceding and $past preceding
        ) as n_past,
    from changes
),
steps as (
    select
        revision,
        place,
        median(ratio) as ratio,
        count(*) as n_tensors,
    from judged
    where n_past >= $past
        and ratio is not null
    group by revision, place
    having count(*) >= 3
)
select
    'warning' as severity,
    'the norms of half of ' || n_tensors || ' tensors changed over ' || $past
        || ' steps at least ' || round(ratio, 1) || ' times as much as ever before'
        as evidence,
    ratio,
    n_tensors,
from steps
-- A drift goes on for many steps: the first is reported.
qualify ratio > $factor
    and coalesce(lag(ratio) over (order by place), 0) <= $factor
    and revision = $revision
