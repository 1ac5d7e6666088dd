-- question: Does everything without numbers say why, in a word that is declared?
-- grain: one row per row of a table with an unknown status or without its reason
-- inputs: statuses, columns
-- column: table_name text — the table
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: name text — state-dict key, with what else identifies the row
-- column: status text — its status
-- column: reason text — its reason

with declared as (
    select table_name, words
    from columns
    where column_name = 'status'
)
select
    table_name,
    model,
    revision,
    name,
    status,
    reason,
from statuses
join declared using (table_name)
where not list_contains(words, status)
    or (
        has_reason
        and status not in ('ok', 'aliased', 'identical')
        and coalesce(reason, '') = ''
    )
order by table_name, model, revision, name
