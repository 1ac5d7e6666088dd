-- question: How is what the loss depends on spread inside each tensor?
-- grain: one row per tensor and metric, in file order
-- param: model text from sensitivities.model — the model
-- param: revision text = null from sensitivities.revision — null: main, else the last
-- param: metric text = abs_grad_x_weight from sensitivities.metric — the metric
-- param: probe_set text = null from sensitivities.probe_set — null: all it was run on
-- inputs: sensitivities, tensors, chosen_scores
-- partitions: $model
-- shows: tensor: share, gini, top_1_share, status
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was scored on
-- column: metric text — how it was scored
-- column: tensor text — full state-dict key
-- column: layer integer blocks — 0-based block of its stack
-- column: component text — as in tensors
-- column: status text — ok, or why there are no numbers
-- column: n_elements integer weights — of the tensor
-- column: share real fraction — of all |scores| of the model
-- column: mean real — of the scores
-- column: std real — their standard deviation
-- column: abs_max real — the largest |score|
-- column: gini real — inequality of |scores|: 0 alike, 1 one weight has all
-- column: top_01_share real fraction — of |scores| in the largest 0.1 %
-- column: top_1_share real fraction — in the largest 1 %
-- column: top_10_share real fraction — in the largest 10 %

select
    s.model,
    s.revision,
    s.probe_set,
    s.metric,
    s.tensor,
    s.layer,
    s.component,
    s.status,
    s.n_elements,
    s.share,
    s.mean,
    s.std,
    s.abs_max,
    s.gini,
    s.top_01_share,
    s.top_1_share,
    s.top_10_share,
from sensitivities as s
semi join chosen_scores($model, $revision, $probe_set, $metric)
    using (model, revision, parameter_set, metric)
left join tensors as t
    on t.model = s.model
    and t.revision = s.revision
    and t.tensor = s.tensor
where s.model = $model
order by s.model, s.revision, s.probe_set, t.position nulls last, s.tensor
