-- question: How does each series of a metric run between its breaks?
-- grain: one row per tensor, view and step; the picture `breaks` draws it
-- param: metric text from followed_metrics.metric — any scalar metric, what changed
--   since the step before (relative_change, …), or what training logged (loss, …)
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: layer integer = null in 0.. — only this layer
-- param: tensor text = null from tensors.tensor — only this tensor
-- param: parameter text = null from tensors.parameter — null: all but biases
-- param: view text = null — null: whole tensors; else q, expert.3, rows, cols, …
-- inputs: run_values, scalars
-- partitions: $model
-- shows: model, step, tensor, view: value, segment, fitted
-- column: model text — hub id or local label of the model
-- column: step integer steps — optimiser step
-- column: tensor text — full state-dict key, null for what training logged
-- column: view text — the matrix view, null for statistics of entries
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — component of the tensor or of the view
-- column: metric text — name of the metric
-- column: value real — its value
-- column: segment integer — 0 before the first break, outliers and bursts left out
-- column: fitted real — the least-squares line of its segment
-- column: kind text — of the break at this step, null where there is none
-- column: agreement real fraction — of the series at an event of this step, else null

with asked as (
    from run_values($metric, $view)
    where is_asked(model, $model)
        and is_asked(component, $component)
        and is_asked(layer, $layer)
        and is_asked(tensor, $tensor)
        and (tensor = $tensor or is_parameter_asked(parameter, is_buffer, $parameter))
),
series_lists as (
    select
        model, tensor, view,
        as_series(model, $metric, tensor, view, step, value) as series,
        row_number() over (order by model, tensor, view) as place,
    from asked
    group by model, tensor, view
),
breaks as (
    select unnest(run_breaks(list(series order by place)), recursive := true)
    from series_lists
),
events as (
    select unnest(run_events(list(series order by place), 0.2), recursive := true)
    from series_lists
),
cut as (
    select
        a.*,
        b.kind,
        e.agreement,
        count(*) filter (
            b.kind in ('level', 'slope')
            or b.kind = 'jump' and not is_size_of_change($metric)
        ) over (partition by s.place order by a.step) as segment,
        s.place,
    from asked as a
    join series_lists as s
        on s.model = a.model
        and s.tensor is not distinct from a.tensor
        and s.view is not distinct from a.view
    left join breaks as b on b.place = s.place and b.step = a.step
    left join events as e on e.model = a.model and e.step = a.step
)
select
    model, step, tensor, view, layer, component,
    $metric as metric,
    value, segment,
    coalesce(
        regr_intercept(value, step) over same
            + step * regr_slope(value, step) over same,
        avg(value) over same
    ) as fitted,
    kind, agreement,
from cut
window same as (partition by place, segment)
order by place, step
