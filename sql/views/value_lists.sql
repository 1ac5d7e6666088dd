-- question: Which values does each tensor hold, and how often?
-- grain: one row per tensor with counted values, aliases under their own name
-- inputs: tensors, value_counts

select
    t.model,
    t.revision,
    t.step,
    t.tensor,
    t.stack,
    t.layer,
    t.component,
    t.parameter,
    t.expert,
    t.dtype,
    t.alias_of,
    v.resolution,
    v."values",
    v.counts,
from tensors as t
join value_counts as v
    on v.model = t.model
    and v.revision = t.revision
    and v.tensor = coalesce(t.alias_of, t.tensor)
