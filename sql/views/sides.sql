-- question: How are the rows and the columns of each tensor scaled?
-- grain: one row per tensor of two or more dimensions, and side (rows or cols)
-- inputs: tensors, channels, checkpoints

-- An alias shows its original's channels under its own name.
select
    t.model,
    t.revision,
    t.step,
    t.tensor,
    s.side,
    t.stack,
    t.layer,
    t.depth,
    t.component,
    t.parameter,
    t.expert,
    t.position,
    t.alias_of,
    t.is_tied,
    t.is_buffer,
    s.* exclude (model, revision, step, tensor, side),
    c.series,
    c.family,
    c.kind,
from tensors as t
join channels as s
    on s.model = t.model
    and s.revision = t.revision
    and s.tensor = coalesce(t.alias_of, t.tensor)
left join checkpoints as c
    on c.model = t.model
    and c.revision = t.revision
