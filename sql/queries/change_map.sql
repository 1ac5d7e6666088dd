-- question: Where in the network did a checkpoint move away from another?
-- grain: one row per layer and component; the picture `change_map` draws it
-- param: model text from tensor_changes.model — the newer model
-- param: revision text = null from tensor_changes.revision — null: every revision
-- param: from_model text = null — the older model; null: any
-- param: from_revision text = null — its revision; null: any
-- param: parameter text = null — null: no biases
-- inputs: tensor_changes, scalars
-- partitions: $model
-- shows: model, revision, layer, component: value
-- column: model text — the newer model
-- column: revision text — the newer and the older checkpoint
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — component, with the parameter where it is not the weight
-- column: metric text — relative_change
-- column: value real ratio — ‖B − A‖ / ‖A‖ over the tensors there, 0 for equal ones

select
    model,
    revision || ' from ' || from_model || '@' || from_revision as revision,
    layer,
    role(component, parameter) as component,
    'relative_change' as metric,
    if(
        count(*) filter (status = 'ok') = 0,
        0.0,
        ratio(sqrt(sum(pow(change_norm, 2))), sqrt(sum(pow(from_norm, 2))))
    ) as value,
from tensor_changes
where model = $model
    and is_asked(revision, $revision)
    and is_asked(from_model, $from_model)
    and is_asked(from_revision, $from_revision)
    and is_parameter_asked(parameter, false, $parameter)
    and status in ('ok', 'identical')
group by all
order by model, revision, layer nulls first, component
