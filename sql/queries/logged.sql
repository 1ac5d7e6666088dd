-- question: What did training log, and which of it is the loss that `breaks` asks?
-- grain: one row per model and logged metric
-- param: model text = null from checkpoints.model — only this training run
-- inputs: training, logged_losses, scalars
-- partitions: $model
-- shows: model, metric: is_loss, n_steps, first_step, last_step
-- column: model text — hub id or local label of the model
-- column: metric text — name that training gave it
-- column: is_loss boolean — taken for the loss of the run
-- column: n_steps integer steps — with a value
-- column: first_step integer steps — first step that was logged
-- column: last_step integer steps — last step that was logged

with losses as (
    select distinct model, metric from logged_losses()
)
select
    t.model,
    t.metric,
    bool_or(l.metric is not null) as is_loss,
    count(t.value) as n_steps,
    min(t.step) as first_step,
    max(t.step) as last_step,
from training as t
left join losses as l on l.model = t.model and l.metric = t.metric
where is_asked(t.model, $model)
group by t.model, t.metric
order by t.model, t.metric
