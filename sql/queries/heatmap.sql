-- question: What is a metric's value at each layer and component of a model?
-- grain: one row per layer and component; the picture `heatmap` draws it
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: metric text = stable_rank from tensor_metrics.metric — any of tensor_metrics
-- param: parameter text = null from tensors.parameter — null: no biases, buffers
-- param: view text = null — null: whole tensors; else q, expert.3, offset.0.1, cols, …
-- inputs: metric_values, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, layer, component: value
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — component, after its stack where there are several
-- column: metric text — name of the metric
-- column: value real — mean over the tensors, views and experts there

with found as (
    select
        *,
        min(stack) over () <> max(stack) over () as has_stacks,
    from metric_values($metric, $view)
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model
        and is_parameter_asked(parameter, is_buffer, $parameter)
)
select
    model,
    revision,
    layer,
    if(has_stacks and stack is not null, stack || '.', '')
        || role(component, parameter) as component,
    $metric as metric,
    avg(value) as value,
from found
group by model, revision, stack, layer, component, parameter, has_stacks
order by stack nulls first, layer nulls first, min(position), component
