-- question: Does everything without numbers say why, in a word that is declared?
-- grain: one row per tensor or matrix view with an unknown status or without reason
-- inputs: tensors, spectra
-- column: table_name text — tensors or spectra
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: name text — state-dict key, with the view
-- column: status text — its status
-- column: reason text — its reason

with statuses as (
    select
        'tensors' as table_name, model, revision, tensor as name, status, reason,
        status in ('ok', 'aliased', 'skipped', 'failed') as is_known,
        status in ('ok', 'aliased') as is_fine,
    from tensors
    union all
    select
        'spectra', model, revision, tensor || ' ' || "view", status, reason,
        status in (
            'ok', 'no_view', 'empty', 'non_finite', 'over_budget', 'not_converged'
        ),
        status = 'ok',
    from spectra
)
select
    table_name,
    model,
    revision,
    name,
    status,
    reason,
from statuses
where not is_known
    or (not is_fine and coalesce(reason, '') = '')
order by table_name, model, revision, name
