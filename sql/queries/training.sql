-- question: What did training log by step?
-- grain: one row per model, logged metric and step
-- param: model text = null from checkpoints.model — only this training run
-- param: metric text = null from training.metric — only this logged metric
-- inputs: training, scalars
-- partitions: $model
-- shows: model, metric, step: value
-- column: model text — hub id or local label of the model
-- column: metric text — name that training gave it
-- column: step integer steps — optimiser step that was logged
-- column: value real — value logged at that step

select
    model,
    metric,
    step,
    value,
from training
where is_asked(model, $model)
    and is_asked(metric, $metric)
order by model, metric, step
