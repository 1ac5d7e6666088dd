-- question: Which extractions failed and have not succeeded since?
-- grain: one row per model, revision, stage, subject and family whose last run failed
-- inputs: extractions

-- A family that failed is mended by a later run of that family or, where the whole
-- checkpoint could not be read, by any later run that measured it; of another stage, by
-- a later run of the stage against the same.
select
    e.model,
    e.revision,
    e.step,
    e.run,
    coalesce(e.stage, 'extract') as stage,
    e.against,
    e.family,
    e.source,
    e.status,
    e.error,
    e.started_at,
    e.host,
from extractions as e
anti join extractions as later
    on later.model = e.model
    and later.revision = e.revision
    and coalesce(later.stage, 'extract') = coalesce(e.stage, 'extract')
    and later.against is not distinct from e.against
    and later.started_at > e.started_at
    and (later.family = e.family or e.family = 'checkpoint')
where e.status = 'failed'
