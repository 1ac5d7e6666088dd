-- question: Has every row a checkpoint, and every measurement a tensor?
-- grain: one row per table, model and revision with rows that have none
-- inputs: keys, checkpoints, tensors
-- column: table_name text — the table
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: lacks text — checkpoint or tensor
-- column: n_rows integer rows — that lack it

-- A failed run's log row has no checkpoint, nor has the null of a shape; a series' own
-- log lies under __series__, which is none; two checkpoints can be compared that were
-- never extracted. What stands on a tensor is of its bytes.
with rows_of as (
    from keys
    where (tensor is not null or table_name = 'training_log')
        and revision <> '__series__'
        and table_name <> 'tensor_changes'
),
measured as (
    from rows_of
    where tensor is not null and table_name <> 'tensors'
)
select table_name, model, revision, 'checkpoint' as lacks, count(*) as n_rows
from rows_of
anti join checkpoints using (model, revision)
group by table_name, model, revision
union all
select table_name, model, revision, 'tensor', count(*)
from measured as m
anti join tensors as t
    on t.model = m.model
    and t.revision = m.revision
    and t.tensor = m.tensor
    and t.status in ('ok', 'aliased')
    and (m.digest is null or t.digest = m.digest)
group by table_name, model, revision
order by table_name, model, revision, lacks
