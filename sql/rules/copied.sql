-- question: Does the new checkpoint hold exactly what an earlier step holds?
-- grain: one row if it does
-- param: series text — of the checkpoint
-- param: revision text — of the checkpoint
-- inputs: series_tensors
-- column: severity text — serious
-- column: evidence text — the step that holds the same
-- column: original_step integer steps — the last earlier step of the same digest

with checkpoint as (
    select distinct revision, step, checkpoint_digest
    from series_tensors
    where series = $series
)
select
    'serious' as severity,
    'bit-identical to step ' || max(old.step) as evidence,
    max(old.step) as original_step,
from checkpoint as new
join checkpoint as old
    on old.checkpoint_digest = new.checkpoint_digest
    and old.step < new.step
where new.revision = $revision
having count(*) > 0
