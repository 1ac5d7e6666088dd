-- question: Did the weights go much further since the step before than they used to?
-- grain: one row if they did
-- param: series text — of the checkpoint
-- param: revision text — of the checkpoint
-- param: factor real = 2.5 in 1.. — how many times further than usual
-- param: past integer = 8 in 3.. — steps that say what is usual
-- inputs: series_tensors
-- column: severity text — warning
-- column: evidence text — how many times further
-- column: ratio real — of a quarter of the tensors at least: move over its median in
--   the past
-- column: n_tensors integer tensors — that were asked

with moves as (
    select
        revision,
        place,
        -- Null where the past is too short to say what is usual.
        if(
            count(move) over earlier < $past,
            null,
            move / nullif(median(move) over earlier, 0)
        ) as ratio,
    from series_tensors
    where series = $series
        and is_trained
        and not is_copy
        and n_elements >= 16
        and n_nan + n_inf = 0
    window earlier as (
        partition by tensor order by place
        rows between $past preceding and 1 preceding
    )
)
select
    'warning' as severity,
    'a quarter of ' || count(ratio) || ' tensors went at least '
        || round(quantile_cont(ratio, 0.75), 1)
        || ' times as far as usual since the step before' as evidence,
    quantile_cont(ratio, 0.75) as ratio,
    count(ratio) as n_tensors,
from moves
where revision = $revision
-- Of fewer tensors a quarter goes far by chance: docs/calibration.md.
having count(ratio) >= 12
    and count(ratio) * 2 > count(*)
    and quantile_cont(ratio, 0.75) > $factor
