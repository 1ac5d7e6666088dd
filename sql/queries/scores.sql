-- question: How do the scores of a training run go along with a metric, step by step?
-- grain: one row per scored checkpoint and kind of score
-- param: scores file = task_scores — CSV or Parquet file with model, value; task,
--   metric, shots, revision, step where it has them; else the table task_scores
-- param: metric text = frobenius_norm from followed_metrics.metric — beside the score:
--   any scalar metric, relative_change, or what training logged (loss, …)
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: task text = null — only this task (or benchmark)
-- param: score text = null — only this metric of the file
-- param: shots text = null — only this word of the column shots
-- inputs: scored_checkpoints, run_values, scalars
-- shows: model, revision, task, shots, score: score_value, value
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: task text — task of the score
-- column: shots text — setting of the score
-- column: score text — metric of the score
-- column: score_value real — its value, the mean where the file says several
-- column: metric text — metric of weights, of their change or of the log
-- column: value real — its median over the tensors at that step
-- column: n_tensors integer tensors — that have it

with measured as (
    select model, step, median(value) as value, count(tensor) as n_tensors,
    from run_values($metric, null)
    where is_asked(model, $model)
        and is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, null)
    group by model, step
)
select
    s.model, s.revision, s.step, s.task, s.shots, s.score, s.score_value,
    $metric as metric,
    m.value,
    m.n_tensors,
from scored_checkpoints($scores) as s
left join measured as m on m.model = s.model and m.step = s.step
where is_asked(s.model, $model)
    and is_asked(s.task, $task)
    and is_asked(s.score, $score)
    and is_asked(s.shots, $shots)
order by s.model, s.task, s.shots, s.score, s.step nulls last, s.revision
