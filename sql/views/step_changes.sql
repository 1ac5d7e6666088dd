-- question: What changed in each tensor since the step before of its training run?
-- grain: one row per tensor of a checkpoint that was compared with the step before
-- inputs: tensor_changes, checkpoints
-- column: stride integer steps — optimiser steps since then

-- `weightlake compare SERIES` measures them. Comparisons with the first or the last
-- step stay in tensor_changes.
with followed as (
    select
        model,
        revision,
        lag(revision) over (partition by model order by step) as revision_before,
    from checkpoints
    where step is not null
)
select
    c.*,
    c.step - c.from_step as stride,
from tensor_changes as c
join followed as f
    on f.model = c.model
    and f.revision = c.revision
    and f.revision_before = c.from_revision
where c.from_model = c.model
    and c.tensor is not null
