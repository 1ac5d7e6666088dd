-- question: Is every key of every table there only once?
-- grain: one row per table and key that several rows have
-- inputs: keys
-- column: table_name text — the table
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key, null where the table has none
-- column: rest text — the rest of the key: a view, a side, a run
-- column: n_rows integer rows — that have it

select
    table_name,
    model,
    revision,
    tensor,
    rest,
    count(*) as n_rows,
from keys
group by table_name, model, revision, tensor, rest
having count(*) > 1
order by table_name, model, revision, tensor, rest
