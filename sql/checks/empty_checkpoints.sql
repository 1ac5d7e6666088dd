-- question: Has a checkpoint tensors, and not one value in those that were measured?
-- grain: one row per checkpoint whose measured tensors are all empty
-- inputs: tensors
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: n_tensors integer tensors — measured or aliased, all of them empty

select
    model,
    revision,
    count(*) as n_tensors,
from tensors
where status in ('ok', 'aliased')
group by model, revision
having sum(n_elements) = 0
order by model, revision
