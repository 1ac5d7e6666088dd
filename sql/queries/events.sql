-- question: At which few steps did a training run turn, in many tensors together?
-- grain: one row per model and event
-- param: metric text = null from followed_metrics.metric — one metric; null: the usual
--   ones, relative_change, frobenius_norm, stable_rank and the loss, whatever the
--   log calls it (loss_rank)
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: all but biases
-- param: view text = null — null: whole tensors; else q, expert.3, rows, cols, …
-- param: min_agreement real = 0.1 in 0..1 — share of tensors that an event needs
-- inputs: run_values, logged_losses, scalars
-- partitions: $model
-- shows: model, step: metrics, n_series, agreement, q_value
-- column: model text — hub id or local label of the model
-- column: step integer steps — first checkpoint that shows it
-- column: first_step integer steps — the earliest at which a metric shows it
-- column: last_step integer steps — the latest at which a metric shows it
-- column: metrics text — metrics that show it
-- column: kinds text — level (it stays) or jump (of a size of change, for one step)
-- column: n_series integer series — that change there, of the metric that agrees most
-- column: n_tested integer series — of that metric that could be tested
-- column: agreement real fraction — n_series / n_tested
-- column: effect_size real σ — median height of the series that change, in robust
--   standard deviations of such heights at the other steps
-- column: p_value real — chance that steps at which nothing happened leave such a gap
-- column: q_value real — the same over all metrics that were asked (Bonferroni)
-- column: evidence text — how many tensors break, metric by metric

with asked as (
    select 'relative_change' as metric, * from run_values('relative_change', $view)
    where $metric is null
    union all
    select 'frobenius_norm' as metric, * from run_values('frobenius_norm', $view)
    where $metric is null
    union all
    select 'stable_rank' as metric, * from run_values('stable_rank', $view)
    where $metric is null
    union all
    select
        metric, model, null as revision, step, null as tensor, null as view,
        null as layer, null as component, '' as parameter, null as position,
        false as is_buffer, value,
    from logged_losses()
    where $metric is null and $view is null and value is not null
    union all
    select $metric as metric, * from run_values($metric, $view)
    where $metric is not null
),
series_lists as (
    select
        as_series(model, metric, tensor, view, step, value) as series,
    from asked
    where is_asked(model, $model)
        and is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, $parameter)
    group by model, metric, tensor, view
),
events as (
    select unnest(run_events(list(series order by series), $min_agreement),
        recursive := true)
    from series_lists
)
select
    model, step, first_step, last_step, metrics, kinds, n_series, n_tested,
    agreement, effect_size, p_value, q_value, evidence,
from events
order by model, step
