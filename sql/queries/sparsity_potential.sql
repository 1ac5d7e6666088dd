-- question: How many activations could be set to zero, and what would rounding cost?
-- grain: one row per site that a linear layer reads, the most compressible first
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- param: share real = 0.5 — share of values to set to zero, a multiple of 0.05
-- inputs: activations, chosen_probes
-- partitions: $model
-- shows: model, revision, layer, component:
--   compressible_fraction, energy_lost, int8_error
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: component text — the linear layer that reads it
-- column: zero_fraction real fraction — values that are zero as it is
-- column: compressible_fraction real fraction — smallest values that carry 1 % of Σa²
-- column: energy_lost real fraction — Σa² that goes with the asked share of values
-- column: int8_error real — energy lost by int8 with one scale at the best clip
-- column: int4_error real — the same by int4
-- column: clip_gain real — how many times the best clip divides the error of int8
-- column: range_ratio real — widest over median range of a dimension

select
    a.model,
    a.revision,
    p.probe_set,
    a.stack,
    a.layer,
    a.component,
    a.zero_fraction,
    a.compressible_fraction,
    a.energy_lost[round($share * 20)::integer] as energy_lost,
    a.int8_error,
    a.int4_error,
    a.int8_unclipped_error / nullif(a.int8_error, 0) as clip_gain,
    a.range_ratio,
from activations as a
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
where a.model = $model
    and a.site = 'linear_input'
order by a.compressible_fraction desc nulls last, a.stack, a.layer, a.module
