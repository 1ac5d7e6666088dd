-- question: How does a metric run through the depth of several models, side by side?
-- grain: one row per model, component and layer; the picture `profiles` draws it
-- param: metric text = stable_rank from tensor_metrics.metric — any of tensor_metrics
-- param: models text = null — names joined by commas, as model or model@revision; null:
--   every model's main, else its last revision
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: no biases, buffers
-- param: view text = null — null: whole tensors; else q, expert.3, offset.0.1, cols, …
-- inputs: metric_values, chosen_checkpoints, scalars
-- shows: model, revision, component, layer: value
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: component text — component, after its stack where there are several
-- column: layer integer — 0-based block index
-- column: depth real — layer / (n_layers - 1)
-- column: metric text — name of the metric
-- column: value real — mean over the tensors, views and experts there

with asked as (
    select trim(unnest(split($models, ','))) as name
),
found as (
    select *
    from metric_values($metric, $view) as v
    where v.depth is not null
        and is_asked(v.component, $component)
        and is_parameter_asked(v.parameter, v.is_buffer, $parameter)
        and if(
            $models is null,
            (v.model, v.revision) in (
                select (model, revision) from chosen_checkpoints(null, null)
            ),
            v.model || '@' || v.revision in (
                select if(name like '%@%', name, c.model || '@' || c.revision)
                from asked
                left join chosen_checkpoints(null, null) as c on c.model = name
            )
        )
),
stacked as (
    select *, min(stack) over (partition by model) <> max(stack) over (
        partition by model
    ) as has_stacks,
    from found
)
select
    model,
    revision,
    if(has_stacks and stack is not null, stack || '.', '')
        || role(component, parameter) as component,
    layer,
    depth,
    $metric as metric,
    avg(value) as value,
from stacked
group by model, revision, stack, layer, depth, component, parameter, has_stacks
order by model, revision, component, depth
