-- question: Which steps lie too far from the step before to descend from it?
-- grain: one row per finding
-- param: series text from checkpoints.series — the training run
-- inputs: series_tensors
-- column: series text — training run
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: tensor text — tensor, where it is about one
-- column: shard text — file, where it is about one
-- column: finding text — what was found, in a word
-- column: severity text — serious, warning or low
-- column: evidence text — the numbers behind it

-- What another step's digest explains is left to the audits of copies.
with walked as (
    select
        *,
        lag(is_copy) over (partition by tensor order by place) as is_after_copy,
    from series_tensors
    where series = $series
),
moved as (
    select
        series, model, revision, step, place, tensor,
        move,
        median(move) over (
            partition by tensor order by place
            rows between 4 preceding and 4 following exclude current row
        ) as usual,
    from walked
    where is_trained and not is_copy and not is_after_copy
        and n_elements >= 16
        and zero_fraction < 1 and zero_fraction_before < 1
        and n_nan + n_inf = 0
),
steps as (
    select
        series, model, revision, step, place,
        count(*) as n_tensors,
        count(*) filter (move > 4 * usual) as n_far,
        median(move / nullif(usual, 0)) as ratio,
        median(move) as move,
    from moved
    where usual > 0
    group by series, model, revision, step, place
    having count(*) >= 3
)
select
    series, model, revision, step,
    null::varchar as tensor,
    null::varchar as shard,
    if(ratio >= 10, 'not_descended', 'outlier_step') as finding,
    if(ratio >= 10, 'serious', 'low') as severity,
    n_far || ' of ' || n_tensors || ' tensors moved over 4 times their usual; median '
        || round(ratio, 1) || ' times' as evidence,
from steps
-- The first step of training moves far from where nothing moved yet.
where ratio >= 4 and place > 1
