-- question: In which metrics do two models differ, component by component?
-- grain: one row per component and metric that both have, the surest difference first
-- param: model_a text from checkpoints.model — the first model
-- param: revision_a text = null from checkpoints.revision — null: main, else the last
-- param: model_b text from checkpoints.model — the second, or the first at revision_b
-- param: revision_b text = null from checkpoints.revision — null: main, else the last
-- param: metric text = null from tensor_metrics.metric — only this metric; null: all
-- param: component text = null from tensors.component — only this component
-- inputs: checkpoint_values, tensor_metrics, behaviour_values, chosen_checkpoints,
--   scalars
-- partitions: $model_a, $model_b
-- shows: component, metric, side: hedges_g, q_value, status
-- column: component text — q, k, up, …
-- column: metric text — name of the metric
-- column: side text — rows or cols of metrics of channels, else null
-- column: n_a integer — values of the first: its layers', views' and experts'
-- column: n_b integer — values of the second
-- column: mean_a real — their mean
-- column: mean_b real — their mean
-- column: hedges_g real σ — difference of the means in pooled deviations, unbiased
-- column: g_low real σ — lower end of its 95 % interval (Hedges & Olkin)
-- column: g_high real σ — upper end
-- column: cliffs_delta real — P(b > a) − P(b < a)
-- column: delta_low real — lower end of its 95 % interval (Feng & Cliff)
-- column: delta_high real — upper end
-- column: p_value real — of Mann and Whitney, two-sided; layers taken as independent
-- column: q_value real — Benjamini–Hochberg over all rows tested
-- column: status text — ok; too_small: a side has fewer than two values; constant

with asked as (
    select 'a' as which, model, revision
    from chosen_checkpoints(coalesce($model_a, ''), $revision_a)
    union all
    select 'b', model, revision
    from chosen_checkpoints(coalesce($model_b, ''), $revision_b)
),
found as (
    select
        a.which, v.component, v.metric, v.x,
        if(v.table_name = 'channels', v.view, null) as side,
    from checkpoint_values as v
    join asked as a using (model, revision)
    -- A metric that several tables hold counts once.
    semi join tensor_metrics as m
        on m.metric = v.metric and m.table_name = v.table_name
    where is_asked(v.metric, $metric) and is_asked(v.component, $component)
    union all
    select
        a.which, role(v.component, v.parameter), $metric, v.value, null,
    from behaviour_values($metric, null) as v
    join asked as a using (model, revision)
    where is_asked(v.component, $component)
),
lists as (
    select
        component, metric, side,
        list(x) filter (which = 'a') as xs,
        list(x) filter (which = 'b') as ys,
    from found
    group by all
),
judged as (
    select component, metric, side, unnest(effect(xs, ys))
    from lists
    where xs is not null and ys is not null
),
raised as (
    select *, p_value * count(p_value) over () / count(p_value) over (order by p_value)
        as more,
    from judged
)
select
    component, metric, side, n_a, n_b, mean_a, mean_b,
    hedges_g, g_low, g_high, cliffs_delta, delta_low, delta_high,
    p_value,
    if(p_value is null, null, least(1.0, min(more) over (order by p_value desc)))
        as q_value,
    status,
from raised
order by p_value nulls last, abs(cliffs_delta) desc nulls last, component, metric, side
