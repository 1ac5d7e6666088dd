-- question: How do two checkpoints differ in a metric, layer by layer?
-- grain: one row per pair of layers of one component, nearest in depth; a component
--   that only one of them has stands alone
-- param: model_a text from checkpoints.model — the first model
-- param: revision_a text = null from checkpoints.revision — null: main, else the last
-- param: model_b text from checkpoints.model — the second; or the first, at revision_b
-- param: revision_b text = null from checkpoints.revision — null: main, else the last
-- param: metric text = stable_rank from tensor_metrics.metric — any of tensor_metrics
-- param: view text = null — null: whole tensors; else q, expert.3, offset.0.1, cols, …
-- inputs: metric_values, chosen_checkpoints, scalars
-- partitions: $model_a, $model_b
-- shows: component, layer_a, layer_b: value_a, value_b, difference, ratio
-- column: stack text — encoder, decoder, vision, … or null
-- column: component text — component, with the parameter where it is not the weight
-- column: layer_a integer — layer of the first, null outside blocks
-- column: layer_b integer — layer of the second nearest to it in depth
-- column: depth_a real — layer_a / (n_layers - 1)
-- column: depth_b real — layer_b / (n_layers - 1)
-- column: metric text — name of the metric
-- column: value_a real — mean over the first's tensors and views there
-- column: value_b real — mean over the second's
-- column: difference real — value_b - value_a
-- column: ratio real — value_b / value_a

with profiles as materialized (
    select
        model, revision, stack, layer, depth,
        role(component, parameter) as component,
        min(position) as position,
        avg(value) as value,
    from metric_values($metric, $view)
    group by model, revision, stack, layer, depth, component, parameter
),
a as (
    from profiles
    semi join chosen_checkpoints($model_a, $revision_a) using (model, revision)
),
b as (
    from profiles
    semi join chosen_checkpoints($model_b, $revision_b) using (model, revision)
),
paired as (
    select
        coalesce(a.stack, b.stack) as stack,
        coalesce(a.component, b.component) as component,
        a.layer as layer_a, b.layer as layer_b,
        a.depth as depth_a, b.depth as depth_b,
        a.value as value_a, b.value as value_b,
        coalesce(a.position, b.position) as position,
        row_number() over (
            partition by a.stack, a.component, a.layer
            order by abs(a.depth - b.depth), b.layer
        ) as place_for_a,
        row_number() over (
            partition by b.stack, b.component, b.layer
            order by abs(a.depth - b.depth), a.layer
        ) as place_for_b,
    from a
    full join b
        on b.stack is not distinct from a.stack
        and b.component = a.component
        and (b.layer is null) = (a.layer is null)
)
select
    stack, component, layer_a, layer_b, depth_a, depth_b,
    $metric as metric, value_a, value_b,
    value_b - value_a as difference,
    ratio(value_b, value_a) as ratio,
from paired
where (layer_a is null and layer_b is null) or place_for_a = 1 or place_for_b = 1
order by
    stack nulls first, coalesce(layer_a, layer_b) nulls first, position, component,
    layer_b
