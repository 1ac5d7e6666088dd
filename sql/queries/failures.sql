-- question: Which extractions failed, when, and what is to be done?
-- grain: one row per failed run, checkpoint, family and other side, the latest first
-- param: model text = null — only this model, measured or not
-- param: every boolean = false — also those that have succeeded since
-- inputs: extractions, failed_extractions, scalars
-- partitions: $model
-- shows: model, revision, family: error, started_at
-- column: started_at timestamp UTC — when the checkpoint was begun
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: family text — metric family, or checkpoint for the reading itself
-- column: against text — the other side: a checkpoint, a probe set or a task
-- column: source text — path or hub reference that was read
-- column: error text — what went wrong, where, and what to do
-- column: run text — the run it failed in

select
    started_at,
    model,
    revision,
    family,
    against,
    source,
    error,
    run,
from extractions
where status = 'failed'
    and is_asked(model, $model)
    and (
        $every
        or (model, revision, run, family, coalesce(against, '')) in (
            select (model, revision, run, family, coalesce(against, ''))
            from failed_extractions
        )
    )
order by started_at desc, model, revision, family, against
