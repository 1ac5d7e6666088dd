-- question: How much do the experts of a layer differ from one another?
-- grain: one row per stack, layer and component of experts
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: metric text = stable_rank from tensor_metrics.metric — any of tensor_metrics
-- param: component text = null from tensors.component — only this component
-- inputs: metric_values, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, layer, component: value, dispersion, n_experts
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: stack text — encoder, decoder, vision, … or null
-- column: layer integer — 0-based block index
-- column: depth real — layer / (n_layers - 1)
-- column: component text — gate, up, down, …
-- column: metric text — name of the metric
-- column: n_experts integer — experts with a value
-- column: value real — mean of the experts
-- column: value_std real — sample standard deviation, null for one expert
-- column: dispersion real ratio — value_std over the magnitude of the mean
-- column: value_min real — smallest
-- column: expert_min integer — expert that has it, the first of several
-- column: value_max real — largest
-- column: expert_max integer — expert that has it, the first of several

select
    model,
    revision,
    stack,
    layer,
    depth,
    role(component, parameter) as component,
    $metric as metric,
    count(*) as n_experts,
    avg(value) as value,
    stddev_samp(value) as value_std,
    ratio(stddev_samp(value), abs(avg(value))) as dispersion,
    min(value) as value_min,
    arg_min(expert, (value, expert)) as expert_min,
    max(value) as value_max,
    arg_max(expert, (value, -expert)) as expert_max,
from metric_values($metric, null)
semi join chosen_checkpoints($model, $revision) using (model, revision)
where model = $model
    and expert is not null
    and is_asked(component, $component)
    and is_parameter_asked(parameter, is_buffer, null)
group by model, revision, stack, layer, depth, component, parameter
order by stack nulls first, layer nulls first, min(position), component
