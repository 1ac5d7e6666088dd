-- question: What was skipped or failed, and why?
-- grain: one row per tensor, matrix view or checkpoint without its numbers
-- param: model text = null — only this model, measured or not
-- param: no_views boolean = false — also the tensors that hold no matrix
-- inputs: tensors, matrices, failed_extractions, scalars
-- partitions: $model
-- shows: model, revision, what, name: status, reason
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: what text — tensor, matrix or extraction
-- column: name text — state-dict key, with its view for a matrix; family that failed
-- column: n_elements integer elements — elements left out, null where not known
-- column: status text — skipped, failed, non_finite, over_budget, …
-- column: reason text — why

with without_numbers as (
    select
        model, revision, 'tensor' as what, tensor as name, n_elements, status, reason,
    from tensors
    where status in ('skipped', 'failed')
    union all
    select
        model, revision, 'matrix', tensor || if(view = 'whole', '', ' ' || view),
        n_rows * n_cols, status, reason,
    from matrices
    where status not in ('ok', 'no_view') and alias_of is null
    union all
    select model, revision, 'matrix', tensor, null, status, reason,
    from matrices
    where status = 'no_view' and alias_of is null and $no_views
    union all
    select model, revision, 'extraction', family, null, status, error,
    from failed_extractions
)
select
    model,
    revision,
    what,
    name,
    n_elements,
    status,
    reason,
from without_numbers
where is_asked(model, $model)
order by model, revision, what, name
