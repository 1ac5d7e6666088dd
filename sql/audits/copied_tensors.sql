-- question: Which single tensors are another step's, or stand still among moving ones?
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

with judged as (
    select
        *,
        count(*) over (partition by revision, shard) as n_in_shard,
        count(*) filter (is_copy) over (partition by revision, shard) as n_copied,
        count(*) filter (digest is distinct from digest_before) over (
            partition by revision
        ) / count(*) over (partition by revision) as moved_fraction,
        row_number() over same as rank,
        first(step) over same as original,
    from series_tensors
    where series = $series and is_trained and std > 0
    window same as (
        partition by tensor, digest order by misfit nulls last, place, revision
    )
)
select
    series, model, revision, step, tensor, shard,
    if(is_copy, 'copied_tensor', 'stuck_tensor') as finding,
    if(is_copy, 'serious', 'warning') as severity,
    if(
        is_copy,
        'bit-identical to its values at step ' || original || ', not between',
        'unchanged since the step before, while '
            || round(100 * moved_fraction)::int || ' % of the tensors moved'
    ) as evidence,
from judged
where (is_copy and rank > 1 and n_copied < n_in_shard)
    -- Small tensors in 16 bits may rest for a step: only large ones are named.
    or (
        not is_copy and digest = digest_before and moved_fraction >= 0.8
        and n_elements >= 256 and checkpoint_digest is not null
    )
