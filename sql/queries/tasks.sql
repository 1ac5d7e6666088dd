-- question: How well do models do tasks?
-- grain: one row per checkpoint, task, set of items and metric
-- param: model text = null from task_scores.model — only this model
-- param: task text = null from task_scores.task — only this task
-- param: metric text = null from task_scores.metric — only this metric
-- inputs: task_scores
-- shows: model, revision, task, metric: value, ci_low, ci_high, n
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step
-- column: task text — name of the task
-- column: metric text — acc, acc_norm, perplexity, …
-- column: value real — the score
-- column: ci_low real — lower end of its 95 % interval
-- column: ci_high real — upper end
-- column: stderr real — its standard error
-- column: chance real fraction — accuracy of guessing
-- column: n integer items — that it is of
-- column: n_items integer items — that were asked
-- column: scoring text — loglikelihood, or pseudo_loglikelihood of an encoder
-- column: status text — ok, no_head, too_small, …
-- column: origin text — weightlake, or what wrote the file it was read from

select
    model, revision, step, task, metric, value, ci_low, ci_high, stderr, chance, n,
    n_items, scoring, status, origin,
from task_scores
where ($model is null or model = $model)
    and ($task is null or task = $task)
    and ($metric is null or metric = $metric)
order by model, step nulls last, revision, task, n_items, metric, origin, parameter_set
