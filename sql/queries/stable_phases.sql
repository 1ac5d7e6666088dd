-- question: In which phases of training do tensors keep their ranks in a metric?
-- grain: one row per phase: steps in a row that each agree with the step before
-- param: metric text = stable_rank from tensor_metrics.metric — any of tensor_metrics
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: no biases, buffers
-- param: view text = null — null: whole tensors; else q, expert.3, offset.0.1, cols, …
-- param: agreement real = 0.9 in -1..1 — least tau-b of a step with the step before
-- param: min_steps integer = 3 in 1.. — least steps of a phase
-- inputs: metric_values, paired_metrics, rank_correlations, scalars
-- shows: model, first_step, last_step: n_steps, kendall_min
-- column: model text — hub id or local label of the model
-- column: metric text — name of the metric
-- column: first_step integer steps — first step of the phase
-- column: last_step integer steps — last step of the phase
-- column: n_steps integer — steps in it
-- column: kendall_min real — least tau-b of two steps in a row
-- column: kendall_ends real — tau-b of its last step with its first: a phase of small
--   steps may still drift
-- column: n_tensors integer tensors — compared at the least

with points as (
    select
        {model: model_b, first: step_a, step: step_b} as pair,
        value_a as x, value_b as y,
    from paired_metrics($metric, $view, 'steps', 'previous')
    where is_asked(model_a, $model)
        and is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, $parameter)
),
steps as (
    select
        unnest(pair), n, kendall,
        sum((coalesce(kendall, 0) < $agreement)::int) over (
            partition by pair.model order by pair.step
        ) as phase,
    from rank_correlations(points)
),
phases as (
    select
        model, phase,
        min(first) as first_step,
        max(step) as last_step,
        count(*) + 1 as n_steps,
        min(kendall) as kendall_min,
        min(n) as n_tensors,
    from steps
    where kendall >= $agreement
    group by model, phase
    having count(*) + 1 >= $min_steps
),
found as (
    select
        model, step, tensor, view, value,
    from metric_values($metric, $view)
    where is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, $parameter)
),
ends as (
    select
        {model: p.model, phase: p.phase} as pair, a.value as x, b.value as y,
    from phases as p
    join found as a on a.model = p.model and a.step = p.first_step
    join found as b
        on b.model = p.model
        and b.step = p.last_step
        and b.tensor = a.tensor
        and b.view is not distinct from a.view
)
select
    p.model,
    $metric as metric,
    p.first_step, p.last_step, p.n_steps, p.kendall_min,
    e.kendall as kendall_ends,
    p.n_tensors,
from phases as p
left join rank_correlations(ends) as e on e.pair = {model: p.model, phase: p.phase}
order by p.model, p.first_step
