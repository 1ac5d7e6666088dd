-- question: Do tensors keep their ranks in a metric, across steps, seeds or conditions?
-- grain: one row per pair of checkpoints, by step
-- param: metric text = stable_rank from tensor_metrics.metric — any of tensor_metrics
-- param: across text = steps in steps|models — of one model, or models at equal steps
-- param: against text = previous in previous|first|last — of steps: previous, first or
--   last
-- param: model text = null from checkpoints.model — only pairs with this model
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: no biases, buffers
-- param: view text = null — null: whole tensors; else q, expert.3, offset.0.1, cols, …
-- param: k integer = 10 in 1.. — length of the tops compared
-- param: persistence real = 0.9 in 0..1 — of the rank-biased overlap: 86 % of its
--   weight is
--   then in the first ten
-- inputs: paired_metrics, rank_correlations, rank_overlaps, scalars
-- shows: model_a, revision_a, model_b, revision_b: spearman, rbo, jaccard
-- column: model_a text — the model
-- column: revision_a text — its revision
-- column: step_a integer steps — its step
-- column: model_b text — the model compared with it
-- column: revision_b text — its revision
-- column: step_b integer steps — its step
-- column: n_tensors integer tensors — with a value on both sides
-- column: spearman real — correlation of average ranks, null where all are equal
-- column: kendall real — tau-b; null above 1000 tensors
-- column: spearman_p real — by Student's t, null below three tensors
-- column: rbo real fraction — rank-biased overlap from the top, extrapolated
-- column: jaccard real fraction — of the two top k, of all where there are fewer
-- column: jaccard_chance real fraction — its mean for unrelated rankings
-- column: jaccard_p real fraction — chance of an overlap this large for such

with points as (
    select
        {
            model_a: model_a, revision_a: revision_a, step_a: step_a,
            model_b: model_b, revision_b: revision_b, step_b: step_b
        } as pair,
        name, value_a as x, value_b as y,
    from paired_metrics($metric, $view, $across, $against)
    where (is_asked(model_a, $model) or is_asked(model_b, $model))
        and is_asked(component, $component)
        and is_parameter_asked(parameter, is_buffer, $parameter)
)
select
    unnest(pair),
    c.n as n_tensors,
    c.spearman, c.kendall,
    correlation_p(c.spearman, c.n) as spearman_p,
    o.rbo, o.jaccard, o.jaccard_chance, o.jaccard_p,
from rank_correlations(points) as c
join rank_overlaps(points, $k, $persistence) as o using (pair)
order by
    pair.model_a, pair.model_b, pair.step_b nulls first, pair.step_a nulls first,
    pair.revision_a, pair.revision_b
