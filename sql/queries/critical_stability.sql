-- question: Are the critical weights the same under other seeds, texts or steps?
-- grain: one row per pair of scorings of a model under one metric
-- param: model text from sensitivities.model — the model
-- param: metric text = abs_grad_x_weight from sensitivities.metric — the metric
-- param: k integer = 100 in 1.. — how many of the largest are compared
-- param: persistence real = 0.9 in 0.01..0.99 — of rank-biased overlap
-- inputs: sensitivities, shared_tops, rank_correlations, rank_overlaps
-- partitions: $model
-- shows: revision, to_revision, n_windows, to_n_windows: jaccard, chance, kendall, rbo
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
-- column: jaccard_low real fraction — lower end of its 95 % interval (Wilson, of k)
-- column: jaccard_high real fraction — upper end
-- column: chance real fraction — what random choices have in expectation: k / (2n − k)
-- column: spearman real — rank correlation of the tensors' Σ|s|
-- column: kendall real — tau-b of the same
-- column: rbo real fraction — rank-biased overlap of the same, the largest first

with scored as (
    select
        {
            revision: revision, parameter_set: parameter_set, probe_set: probe_set,
            seed: seed, n_windows: n_windows
        } as run,
        tensor, score_abs_sum, n_elements,
    from sensitivities
    where model = $model and metric = $metric and n_values > 0
),
points as (
    select
        {a: a.run, b: b.run} as pair,
        a.tensor as name, a.score_abs_sum as x, b.score_abs_sum as y,
    from scored as a
    join scored as b
        on b.tensor = a.tensor
        and (a.run.revision, a.run.parameter_set)
            < (b.run.revision, b.run.parameter_set)
),
sizes as (
    select run, sum(n_elements) as n from scored group by run
)
select
    $model as model,
    pair.a.revision as revision, pair.b.revision as to_revision,
    pair.a.probe_set as probe_set, pair.b.probe_set as to_probe_set,
    pair.a.n_windows as n_windows, pair.b.n_windows as to_n_windows,
    pair.a.seed as seed, pair.b.seed as to_seed,
    t.n_same,
    jaccard_of(t.n_same / t.n_one) as jaccard,
    jaccard_of(wilson_low(t.n_same, t.n_one)) as jaccard_low,
    jaccard_of(wilson_high(t.n_same, t.n_one)) as jaccard_high,
    least(t.n_one / (2 * s.n - t.n_one), 1)::double as chance,
    c.spearman, c.kendall, o.rbo,
from rank_correlations(points) as c
join rank_overlaps(points, $k, $persistence) as o using (pair)
join sizes as s on s.run = c.pair.a
join shared_tops($model, $metric, $k) as t
    on t.revision = c.pair.a.revision and t.to_revision = c.pair.b.revision
    and t.parameter_set = c.pair.a.parameter_set
    and t.to_parameter_set = c.pair.b.parameter_set
order by all
