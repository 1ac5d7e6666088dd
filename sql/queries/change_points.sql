-- question: Where do the series of a metric break, by step?
-- grain: one row per break with q_value ≤ alpha, the surest first
-- param: metric text from metrics.metric — any scalar metric
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: all but biases
-- param: view text = null — null: whole tensors; else q, expert.3, rows, cols, …
-- param: alpha real = 0.05 — false discovery rate, at most 0.05
-- inputs: metric_values, scalars
-- partitions: $model
-- column: model text — hub id or local label of the model
-- column: tensor text — full state-dict key
-- column: view text — the matrix view, null for statistics of entries
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — component of the tensor or of the view
-- column: metric text — name of the metric
-- column: step integer steps — first step of the new segment
-- column: kind text — level, slope, variance, jump or outlier
-- column: before real — level, slope per step or spread before it
-- column: after real — level, slope per step or spread after it
-- column: effect_size real σ — in noise deviations; of a variance ln(after / before)
-- column: p_value real — over all places of its series
-- column: q_value real — over all series and detectors (Benjamini–Hochberg)
-- column: n_agree integer series — of the model that break at this very step
-- column: n_tested integer series — that could be tested

with series_lists as (
    select
        model, tensor, view, layer, component,
        list(step order by step) as steps,
        list(value order by step) as values_by_step,
    from metric_values($metric, $view)
    where step is not null
        and is_asked(model, $model)
        and is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, $parameter)
    group by all
),
scanned as (
    select * exclude (steps, values_by_step),
        series_breaks(steps, values_by_step, $metric) as scan,
    from series_lists
),
tested as (
    select *, count(*) filter (scan.status = 'ok') over () as n_tested
    from scanned
),
broken as (
    select * exclude (scan), unnest(scan.breaks, recursive := true)
    from tested
),
ranked as (
    select
        *,
        -- Three detectors look at each series.
        least(
            p_value * 3 * n_tested / row_number() over (order by p_value), 1
        ) as raw_q,
    from broken
),
judged as (
    select
        *,
        min(raw_q) over (
            order by p_value rows between current row and unbounded following
        ) as q_value,
    from ranked
)
select
    model, tensor, view, layer, component,
    $metric as metric,
    step, kind, before, after, effect_size, p_value, q_value,
    count(distinct (tensor, view)) over (partition by model, step) as n_agree,
    n_tested,
from judged
where q_value <= $alpha
order by q_value, model, step, tensor, view
