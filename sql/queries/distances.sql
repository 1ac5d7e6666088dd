-- question: How far are a tensor's values from those at every other step or revision?
-- grain: one row per checkpoint that holds the tensor, by step
-- param: model text from checkpoints.model — the model
-- param: tensor text from tensors.tensor — its tensor
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: other_model text = $model from checkpoints.model — whose revisions to compare;
--   of another model the tensor in the same place is taken
-- param: n_bins integer = 64 in 2..10000 — bins of equal mass for the Jensen-Shannon
--   divergence
-- inputs: value_lists, value_distances, chosen_checkpoints, scalars
-- partitions: $model, $other_model
-- shows: model, revision, tensor: ks_distance, ks_noise, wasserstein_sigmas
-- column: model text — the other model
-- column: revision text — its revision
-- column: step integer steps — its optimiser step
-- column: tensor text — the other tensor
-- column: n_elements integer elements — its finite elements
-- column: ks_distance real fraction — largest gap of the cumulative distributions
-- column: ks_noise real fraction — gap that one in twenty pairs of samples of one law
--   exceeds
-- column: wasserstein_distance real — area between them
-- column: wasserstein_sigmas real σ — the same over the pooled σ
-- column: js_divergence real bits — over n_bins bins of equal pooled mass

with a as (
    from value_lists
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where tensor = $tensor
),
pairs as (
    select
        row_number() over () as pair,
        b.model, b.revision, b.step, b.tensor,
        a."values" as values_a, a.counts as counts_a,
        b."values" as values_b, b.counts as counts_b,
    from value_lists as b
    join a on if(
        a.model = b.model,
        a.tensor = b.tensor,
        a.stack is not distinct from b.stack
            and a.layer is not distinct from b.layer
            and a.expert is not distinct from b.expert
            and a.component = b.component
            and a.parameter = b.parameter
    )
    where b.model = $other_model
)
select
    p.model,
    p.revision,
    p.step,
    p.tensor,
    d.n_b as n_elements,
    d.ks_distance,
    1.358 * sqrt(ratio(1, d.n_a) + ratio(1, d.n_b)) as ks_noise,
    d.wasserstein_distance,
    ratio(d.wasserstein_distance, d.pooled_std) as wasserstein_sigmas,
    d.js_divergence,
from pairs as p join value_distances(pairs, $n_bins) as d using (pair)
order by p.model, p.step nulls first, p.revision, p.tensor
