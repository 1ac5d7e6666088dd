-- question: How far apart are the values of two tensors?
-- grain: one row
-- param: model_a text from checkpoints.model — the first model
-- param: tensor_a text from tensors.tensor — its tensor
-- param: revision_a text = null from checkpoints.revision — null: main, else the last
-- param: model_b text = $model_a from checkpoints.model — the second model
-- param: tensor_b text = $tensor_a from tensors.tensor — its tensor
-- param: revision_b text = null from checkpoints.revision — null: main, else the last
-- param: n_bins integer = 64 in 2..10000 — bins of equal mass for the Jensen-Shannon
--   divergence
-- inputs: value_lists, value_distances, chosen_checkpoints, scalars
-- partitions: $model_a, $model_b
-- shows: tensor_a, tensor_b: ks_distance, wasserstein_sigmas, js_divergence
-- column: tensor_a text — first tensor
-- column: tensor_b text — second tensor
-- column: n_a integer elements — finite elements of the first
-- column: n_b integer elements — finite elements of the second
-- column: ks_distance real fraction — largest gap of the cumulative distributions
-- column: ks_noise real fraction — gap that one in twenty pairs of samples of one law
--   exceeds: 1.358·√(1/n_a + 1/n_b)
-- column: wasserstein_distance real — area between them
-- column: wasserstein_sigmas real σ — the same over the pooled σ
-- column: js_divergence real bits — over n_bins bins of equal pooled mass
-- column: resolution real relative — width of a counted value; distances below it
--   mean nothing

with a as (
    from value_lists
    semi join chosen_checkpoints($model_a, $revision_a) using (model, revision)
    where tensor = $tensor_a
),
b as (
    from value_lists
    semi join chosen_checkpoints($model_b, $revision_b) using (model, revision)
    where tensor = $tensor_b
),
pairs as (
    select
        0 as pair,
        a.tensor as tensor_a, a."values" as values_a, a.counts as counts_a,
        b.tensor as tensor_b, b."values" as values_b, b.counts as counts_b,
        greatest(a.resolution, b.resolution) as resolution,
    from a cross join b
)
select
    p.tensor_a,
    p.tensor_b,
    d.n_a,
    d.n_b,
    d.ks_distance,
    1.358 * sqrt(ratio(1, d.n_a) + ratio(1, d.n_b)) as ks_noise,
    d.wasserstein_distance,
    ratio(d.wasserstein_distance, d.pooled_std) as wasserstein_sigmas,
    d.js_divergence,
    p.resolution,
from pairs as p join value_distances(pairs, $n_bins) as d using (pair)
