-- question: Are the critical weights the same under other seeds, texts or steps?
-- grain: one row per pair of scorings of a model under one metric
-- param: model text from sensitivities.model — the model
-- param: metric text = abs_grad_x_weight from sensitivities.metric — the metric
-- param: k integer = 100 — how many of the largest are compared
-- inputs: sensitivities, critical_weights
-- partitions: $model
-- shows: revision, to_revision, probe_set, to_probe_set: jaccard, chance, spearman
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the one checkpoint
-- column: to_revision text — of the other
-- column: probe_set text — texts of the one
-- column: to_probe_set text — of the other
-- column: n_windows integer windows — scored of the one
-- column: to_n_windows integer windows — of the other
-- column: seed integer — of the one
-- column: to_seed integer — of the other
-- column: n_same integer weights — among the k largest of both
-- column: jaccard real fraction — those over all that are among the k of either
-- column: chance real fraction — what random choices have in expectation: k / (2n − k)
-- column: spearman real — rank correlation of the tensors' Σ|s|

with runs as (
    select
        model, revision, parameter_set, probe_set, seed, n_windows,
        sum(n_elements) as n,
    from sensitivities
    where model = $model and metric = $metric and n_values > 0
    group by all
),
pairs as (
    select a, b
    from runs as a
    join runs as b
        on (a.revision, a.parameter_set) < (b.revision, b.parameter_set)
),
tops as (
    select revision, parameter_set, tensor, flat_index
    from critical_weights
    where model = $model and metric = $metric and rank_global <= $k
),
shared as (
    select a, b, count(y.tensor) as n_same, count(*) as n_one
    from pairs
    join tops as x
        on x.revision = a.revision and x.parameter_set = a.parameter_set
    left join tops as y
        on y.revision = b.revision and y.parameter_set = b.parameter_set
        and y.tensor = x.tensor and y.flat_index = x.flat_index
    group by a, b
),
ranked as (
    select
        revision, parameter_set, tensor,
        rank() over one + (count(*) over same - 1) / 2 as place,
    from sensitivities
    where model = $model and metric = $metric and n_values > 0
    window
        one as (partition by revision, parameter_set order by score_abs_sum),
        same as (partition by revision, parameter_set, score_abs_sum)
),
alike as (
    select a, b, corr(x.place, y.place) as spearman
    from pairs
    join ranked as x
        on x.revision = a.revision and x.parameter_set = a.parameter_set
    join ranked as y
        on y.revision = b.revision and y.parameter_set = b.parameter_set
        and y.tensor = x.tensor
    group by a, b
)
select
    a.model as model, a.revision as revision, b.revision as to_revision,
    a.probe_set as probe_set, b.probe_set as to_probe_set, a.n_windows as n_windows,
    b.n_windows as to_n_windows, a.seed as seed, b.seed as to_seed, n_same,
    n_same / (2 * n_one - n_same) as jaccard,
    least(n_one / (2 * a.n - n_one), 1)::double as chance,
    spearman,
from shared
join alike using (a, b)
order by all
