-- question: How does a metric run through the layers of a model?
-- grain: one row per stack, layer and component, in file order
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: metric text = stable_rank from tensor_metrics.metric — any of tensor_metrics
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: no biases, buffers
-- param: view text = null — null: whole tensors; else q, expert.3, offset.0.1, cols, …
-- inputs: metric_values, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, layer, component: value, value_min, value_max
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: stack text — encoder, decoder, vision, … or null
-- column: layer integer — 0-based block index, null outside blocks
-- column: depth real — layer / (n_layers - 1)
-- column: component text — component, with the parameter where it is not the weight
-- column: metric text — name of the metric
-- column: n_values integer — tensors, views or experts with a value
-- column: value real — mean of their values
-- column: value_min real — smallest
-- column: value_max real — largest

select
    model,
    revision,
    stack,
    layer,
    depth,
    role(component, parameter) as component,
    $metric as metric,
    count(*) as n_values,
    avg(value) as value,
    min(value) as value_min,
    max(value) as value_max,
from metric_values($metric, $view)
semi join chosen_checkpoints($model, $revision) using (model, revision)
where model = $model
    and is_asked(component, $component)
    and is_parameter_asked(parameter, is_buffer, $parameter)
group by model, revision, stack, layer, depth, component, parameter
order by stack nulls first, layer nulls first, min(position), component
