-- question: Which components hold the critical weights, and does that differ by model?
-- grain: one row per model, revision and component
-- param: model text = null from sensitivities.model — null: all
-- param: metric text = abs_grad_x_weight from sensitivities.metric — the metric
-- param: probe_set text = null from sensitivities.probe_set — null: all it was run on
-- inputs: sensitivities, chosen_scores
-- shows: model, revision, component: density, share, gini
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was scored on
-- column: component text — as in tensors
-- column: n_tensors integer tensors — of the component, with scores
-- column: n_elements integer weights — of them
-- column: share real fraction — of all |scores| of the model
-- column: weight_share real fraction — of all its scored weights
-- column: density real — share over weight_share: 1 where weights matter as others do
-- column: gini real — mean inequality inside its tensors
-- column: early_share real fraction — of the component's |scores|, in the first half

with scored as (
    select
        s.model, s.revision, r.probe_set, s.component, s.n_elements, s.share, s.gini,
        s.layer, max(s.layer) over (partition by s.model, s.revision, s.stack) as last,
    from sensitivities as s
    join chosen_scores($model, null, $probe_set, $metric) as r
        using (model, revision, parameter_set, metric)
    where s.share is not null
),
by_component as (
    select
        model, revision, probe_set, component,
        count(*) as n_tensors,
        sum(n_elements)::bigint as n_elements,
        sum(share) as share,
        avg(gini) as gini,
        sum(share) filter (layer <= last / 2) as early,
    from scored
    group by all
)
select
    model,
    revision,
    probe_set,
    component,
    n_tensors,
    n_elements,
    share,
    n_elements / sum(n_elements) over everything as weight_share,
    share / nullif(n_elements / sum(n_elements) over everything, 0) as density,
    gini,
    early / nullif(share, 0) as early_share,
from by_component
window everything as (partition by model, revision, probe_set)
order by model, revision, probe_set, density desc, component
