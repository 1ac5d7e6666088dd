-- question: Which tensors are there, where do they sit, and what do their entries say?
-- grain: one row per tensor of a checkpoint, measured or not
-- inputs: tensors, tensor_stats, checkpoints
-- column: stats_status text — status of its entry statistics: ok, empty, …

-- An alias has no statistics of its own: it shows its original's under its own name.
select
    t.*,
    s.status as stats_status,
    s.* exclude (model, revision, step, tensor, digest, status, n_elements),
    c.series,
    c.family,
    c.kind,
from tensors as t
left join tensor_stats as s
    on s.model = t.model
    and s.revision = t.revision
    and s.tensor = coalesce(t.alias_of, t.tensor)
left join checkpoints as c
    on c.model = t.model
    and c.revision = t.revision
