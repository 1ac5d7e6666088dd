-- question: How far does the distribution of each tensor's values move in training?
-- grain: one row per tensor and pair of steps, what moved most first
-- param: model text from checkpoints.model — the training run
-- param: against text = previous in previous|first|last — the step before, first or
--   last
-- param: tensor text = null from tensors.tensor — only this tensor
-- param: component text = null from tensors.component — only this component
-- param: parameter text = null from tensors.parameter — null: no biases
-- param: n_bins integer = 10 in 2..10000 — bins of equal pooled mass for the PSI
-- inputs: value_lists, value_distances, scalars
-- partitions: $model
-- shows: tensor, step_a, step_b: ks_distance, ks_noise, psi
-- column: tensor text — full state-dict key
-- column: step_a integer steps — the reference
-- column: step_b integer steps — the step compared with it
-- column: n_elements integer elements — finite elements at the step
-- column: ks_distance real fraction — largest gap of the cumulative distributions
-- column: ks_noise real fraction — gap that one in twenty pairs of samples of one law
--   exceeds: 1.358·√(1/n_a + 1/n_b)
-- column: wasserstein_distance real — area between them
-- column: wasserstein_sigmas real σ — the same over the pooled σ
-- column: psi real nats — Σ (p − q)·ln(p / q) over the bins, half an element added to
--   each: finite where a bin is empty
-- column: psi_noise real nats — its mean for samples of one law:
--   (n_bins − 1)·(1/n_a + 1/n_b)

with placed as (
    select
        *,
        dense_rank() over (order by step) as place,
        max(step) over () as last_step,
    from value_lists
    where model = $model
        and step is not null
        and is_asked(tensor, $tensor)
        and is_asked(component, $component)
        and is_parameter_asked(parameter, false, $parameter)
),
pairs as (
    select
        row_number() over () as pair,
        b.tensor, a.step as step_a, b.step as step_b,
        a."values" as values_a, a.counts as counts_a,
        b."values" as values_b, b.counts as counts_b,
    from placed as a
    join placed as b
        on b.tensor = a.tensor
        and a.step < b.step
        and case $against
            when 'previous' then b.place = a.place + 1
            when 'first' then a.place = 1
            else b.step = b.last_step
        end
)
select
    p.tensor, p.step_a, p.step_b, d.n_b as n_elements,
    d.ks_distance,
    1.358 * sqrt(ratio(1, d.n_a) + ratio(1, d.n_b)) as ks_noise,
    d.wasserstein_distance,
    ratio(d.wasserstein_distance, d.pooled_std) as wasserstein_sigmas,
    d.psi,
    ($n_bins - 1) * (ratio(1, d.n_a) + ratio(1, d.n_b)) as psi_noise,
from pairs as p join value_distances(pairs, $n_bins) as d using (pair)
order by d.ks_distance desc nulls last, p.tensor, p.step_b, p.step_a
