-- question: Where do the series of a metric break, by step?
-- grain: one row per break with q_value ≤ alpha, the surest first
-- param: metric text from followed_metrics.metric — any scalar metric, what changed
--   since the step before (relative_change, …), or what training logged (loss, …)
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: all but biases
-- param: view text = null — null: whole tensors; else q, expert.3, rows, cols, …
-- param: alpha real = 0.05 in 0..0.05 — false discovery rate, at most 0.05
-- inputs: run_values, scalars
-- partitions: $model
-- shows: model, tensor, view, metric, step: kind, effect_size, q_value
-- column: model text — hub id or local label of the model
-- column: tensor text — full state-dict key, null for what training logged
-- column: view text — the matrix view, null for statistics of entries
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — component of the tensor or of the view
-- column: metric text — name of the metric
-- column: step integer steps — first step of the new segment
-- column: kind text — level, slope, jump or outlier
-- column: before real — level or slope per step before it
-- column: after real — level or slope per step after it
-- column: effect_size real σ — in noise deviations
-- column: p_value real — over all places of its series
-- column: q_value real — over all series and detectors (Benjamini–Hochberg)
-- column: n_points integer steps — of the series, with a finite value
-- column: n_agree integer series — of the model that break at this very step
-- column: n_tested integer series — of the model that could be tested

with series_lists as (
    select
        model, tensor, view, layer, component,
        as_series(model, $metric, tensor, view, step, value) as series,
        row_number() over (order by model, tensor, view) as place,
    from run_values($metric, $view)
    where is_asked(model, $model)
        and is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, $parameter)
    group by model, tensor, view, layer, component
),
breaks as (
    select unnest(run_breaks(list(series order by place)), recursive := true)
    from series_lists
)
select
    s.model, s.tensor, s.view, s.layer, s.component,
    $metric as metric,
    b.step, b.kind, b.before, b.after, b.effect_size, b.p_value, b.q_value, b.n_points,
    count(*) over (partition by s.model, b.step) as n_agree,
    b.n_tested,
from breaks as b
join series_lists as s on s.place = b.place
where b.q_value <= $alpha
order by b.q_value, s.model, b.step, s.tensor, s.view
