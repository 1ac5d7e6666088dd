-- question: Which checkpoints hold exactly what another step holds?
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

with checkpoint as (
    select
        series, model, revision, step, place,
        any_value(checkpoint_digest) as digest,
        avg(misfit) as misfit,
    from series_tensors
    where series = $series
    group by series, model, revision, step, place
),
twins as (
    select
        *,
        -- The one that suits its neighbours is the original; of equals the earlier.
        row_number() over (
            partition by digest order by misfit nulls last, place, revision
        ) as rank,
        first(step order by misfit nulls last, place, revision) over (
            partition by digest
            rows between unbounded preceding and unbounded following
        ) as original,
        max(place) over () as last_place,
    from checkpoint
    qualify count(*) over (partition by digest) > 1
)
select
    series, model, revision, step,
    null::varchar as tensor,
    null::varchar as shard,
    'copied_checkpoint' as finding,
    'serious' as severity,
    'bit-identical to step ' || original || if(
        original = (select max(step) from checkpoint), ', the last step', ''
    ) || ', digest ' || digest[:8] as evidence,
from twins
where rank > 1
