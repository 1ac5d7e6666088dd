-- question: Which shards hold exactly what that shard holds at another step?
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

with shards as (
    select
        series, model, revision, step, place, shard,
        any_value(checkpoint_digest) as checkpoint_digest,
        md5(string_agg(tensor || digest, ',' order by tensor)) as content,
        count(*) as n_tensors,
        bool_or(is_copy and is_trained) as has_copies,
        avg(misfit) as misfit,
    from series_tensors
    where series = $series
    group by series, model, revision, step, place, shard
    qualify count(*) over (partition by series, model, revision) > 1
),
twins as (
    select
        *,
        row_number() over same as rank,
        first(step) over same as original,
    from shards
    where has_copies
    window same as (
        partition by content order by misfit nulls last, place, revision
    )
    qualify count(*) over (partition by content) > 1
        and count(distinct checkpoint_digest) over (partition by content) > 1
)
select
    series, model, revision, step,
    null::varchar as tensor,
    shard,
    'copied_shard' as finding,
    'serious' as severity,
    n_tensors || ' tensors bit-identical to those of step ' || original || if(
        original = (select max(step) from shards), ', the last step', ''
    ) as evidence,
from twins
where rank > 1
