-- question: Which extractions failed and have not succeeded since?
-- grain: one row per model, revision and family whose last run failed
-- inputs: extractions

-- A family that failed is mended by a later run of that family or, where the whole
-- checkpoint could not be read, by any later run that measured it.
select
    e.model,
    e.revision,
    e.step,
    e.run,
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
    and later.started_at > e.started_at
    and (later.family = e.family or e.family = 'checkpoint')
where e.status = 'failed'
