-- question: How many series of a metric can be tested for breaks, why not the rest?
-- grain: one row per model and status
-- param: metric text from followed_metrics.metric — any scalar metric, what changed
--   since the step before (relative_change, …), or what training logged (loss, …)
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: all but biases
-- param: view text = null — null: whole tensors; else q, expert.3, rows, cols, …
-- inputs: run_values, scalars
-- partitions: $model
-- shows: model, status: n_series, n_points
-- column: model text — hub id or local label of the model
-- column: metric text — name of the metric
-- column: status text — ok; too_short: under 8 points; constant; not_positive: still;
--   untestable: it wanders as much as a random walk, so that no level is a break
-- column: n_series integer series — of that status
-- column: n_points integer steps — most points of one of them

with series_lists as (
    select
        model,
        list(step order by step) as steps,
        list(value order by step) as series,
    from run_values($metric, $view)
    where is_asked(model, $model)
        and is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, $parameter)
    group by model, tensor, view
),
judged as (
    select model, steps, series_status(steps, series, $metric) as status
    from series_lists
)
select
    model,
    $metric as metric,
    status,
    count(*) as n_series,
    max(len(steps)) as n_points,
from judged
group by model, status
order by model, status
