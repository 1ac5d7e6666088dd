-- question: Which series change most abruptly, at a glance and in SQL alone?
-- grain: one row per tensor and view, its largest |t|, the largest first
-- param: metric text from followed_metrics.metric — any scalar metric, what changed
--   since the step before (relative_change, …), or what training logged (loss, …)
-- param: model text = null from checkpoints.model — only this training run
-- param: parameter text = null from tensors.parameter — null: all but biases
-- param: view text = null — null: whole tensors; else q, expert.3, rows, cols, …
-- param: limit integer = 20 in 1.. — rows to show
-- inputs: run_values, scalars
-- partitions: $model
-- shows: model, tensor, view, step: before, after, t
-- column: model text — hub id or local label of the model
-- column: tensor text — full state-dict key, null for what training logged
-- column: view text — the matrix view, null for statistics of entries
-- column: step integer steps — first step after the change
-- column: before real — mean of the five steps before; of a size of change, of its ln
-- column: after real — mean of this step and the four after, likewise
-- column: t real — Welch's t of the two windows: a rank, not a test
-- column: n_points integer steps — of the series

with asked as (
    select
        * replace (
            if(is_size_of_change($metric), ln(nullif(value, 0)), value) as value
        ),
    from run_values($metric, $view)
    where is_asked(model, $model)
        and is_parameter_asked(parameter, is_buffer, $parameter)
),
windowed as (
    select
        model, tensor, view, step,
        avg(value) over earlier as before,
        avg(value) over later as after,
        ratio(var_samp(value) over earlier, count(*) over earlier) as spread_before,
        ratio(var_samp(value) over later, count(*) over later) as spread_after,
        least(count(*) over earlier, count(*) over later) as n_least,
        count(*) over (partition by model, tensor, view) as n_points,
    from asked
    window
        earlier as (
            partition by model, tensor, view order by step
            rows between 5 preceding and 1 preceding
        ),
        later as (
            partition by model, tensor, view order by step
            rows between current row and 4 following
        )
),
compared as (
    select *, ratio(after - before, sqrt(spread_before + spread_after)) as t
    from windowed
    where n_least >= 3
)
select
    model, tensor, view, step, before, after, t, n_points,
from compared
where t is not null
qualify row_number() over (
    partition by model, tensor, view order by abs(t) desc, step
) = 1
order by abs(t) desc, model, tensor, view
limit $limit
