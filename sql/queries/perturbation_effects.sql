-- question: Which perturbation hurts most, and more than random weights would?
-- grain: one row per experiment: selector, operation, scale and k, the worst first
-- param: model text from perturbations.model — the model
-- param: revision text = null from perturbations.revision — null: all
-- param: operation text = null from perturbations.operation — null: all
-- inputs: perturbations
-- partitions: $model
-- shows: selector, operation, scale, k: loss_delta, q_value, matched_mean
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what chose and judged
-- column: metric text — scores that chose
-- column: selector text — which weights may be chosen
-- column: operation text — what was done
-- column: scale real — how strongly
-- column: k integer weights — how many of them
-- column: loss_delta real nats — of the largest scores
-- column: ci_low real nats — lower 95 % bound over documents
-- column: ci_high real nats — upper 95 % bound
-- column: matched_mean real nats — of random weights of like tensors and magnitudes
-- column: matched_max real nats — the worst of them
-- column: random_mean real nats — of random weights
-- column: bottom_delta real nats — of the smallest scores
-- column: norm_mean real nats — of random steps of the same norm
-- column: shuffled_mean real nats — of shuffled scores
-- column: fresh_delta real nats — of the scores of a new model
-- column: n_matched integer draws — of matched weights
-- column: p_value real — (1 + #{matched ≥ top}) / (1 + R)
-- column: q_value real — over all experiments of the run

with effects as (
    select
        model, revision, parameter_set, probe_set, metric, selector, operation,
        scale, k,
        max(loss_delta) filter (arm = 'top' and draw = 0) as loss_delta,
        max(ci_low) filter (arm = 'top' and draw = 0) as ci_low,
        max(ci_high) filter (arm = 'top' and draw = 0) as ci_high,
        avg(loss_delta) filter (arm = 'matched') as matched_mean,
        max(loss_delta) filter (arm = 'matched') as matched_max,
        avg(loss_delta) filter (arm = 'random') as random_mean,
        avg(loss_delta) filter (arm = 'bottom') as bottom_delta,
        avg(loss_delta) filter (arm = 'norm') as norm_mean,
        avg(loss_delta) filter (arm = 'shuffled') as shuffled_mean,
        avg(loss_delta) filter (arm = 'fresh') as fresh_delta,
        count(*) filter (arm = 'matched') as n_matched,
        max(p_value) as p_value,
        max(q_value) as q_value,
    from perturbations
    where model = $model
        and ($revision is null or revision = $revision)
        and ($operation is null or operation = $operation)
    group by all
)
select * exclude (parameter_set)
from effects
order by
    loss_delta desc nulls first, revision, probe_set, metric, selector, operation,
    scale, k, parameter_set
