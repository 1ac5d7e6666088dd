-- question: Which steps lie too far from the step before to descend from it?
-- grain: one row per finding
-- param: series text from checkpoints.series — the training run
-- inputs: series_tensors, related_steps
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
        lag(is_copy) over by_place as is_after_copy,
        lag(model) over by_place as model_before,
        lag(revision) over by_place as revision_before,
    from series_tensors
    where series = $series
    window by_place as (partition by tensor order by place)
),
moved as (
    select
        series, model, revision, step, place, tensor, n_elements,
        model_before, revision_before,
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
    -- The first step of training moves far from where nothing moved yet.
    having count(*) >= 3 and ratio >= 4 and place > 1
),
far as (
    select moved.* from moved semi join steps using (place)
)
-- How far a step went does not say whose it is: its sampled entries do.
select
    s.series, s.model, s.revision, s.step,
    null::varchar as tensor,
    null::varchar as shard,
    if(k.related_fraction < 0.1, 'not_descended', 'outlier_step') as finding,
    case
        when k.related_fraction < 0.1 then 'serious'
        when k.related_fraction is null and s.ratio >= 10 then 'warning'
        else 'low'
    end as severity,
    s.n_far || ' of ' || s.n_tensors
        || ' tensors moved over 4 times their usual; median '
        || round(s.ratio, 1) || ' times; '
        || coalesce(
            round(100 * k.related_fraction, 2) || ' % of the elements are related to'
                || ' the step before',
            'whether it descends is not known without family sketches'
        ) as evidence,
from steps as s
left join related_steps(far) as k using (place)
