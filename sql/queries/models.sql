-- question: Which models are in the warehouse, and over which steps?
-- grain: one row per model, by name
-- inputs: checkpoints, scalars
-- shows: model: kind, n_checkpoints, n_layers, n_parameters, size, dtype
-- column: model text — hub id or local label of the model
-- column: family text — layout pattern that placed its tensors
-- column: kind text — model or adapter
-- column: n_checkpoints integer checkpoints — of this model
-- column: first_step integer steps — earliest optimiser step, null outside a series
-- column: last_step integer steps — latest optimiser step, null outside a series
-- column: n_layers integer layers — blocks, in its largest checkpoint
-- column: hidden_size integer — width of the residual stream, likewise
-- column: dtype text — dtype that holds the most bytes, in most checkpoints
-- column: n_parameters integer — elements of weights in its largest checkpoint
-- column: size text — bytes that all its headers declare
-- column: n_tensors integer tensors — in all checkpoints
-- column: n_aliased integer tensors — of these, repeat another tensor's values
-- column: n_skipped integer tensors — of these, not measured: see `skipped`
-- column: has_non_finite boolean — whether any measured tensor holds NaN or Inf

select
    model,
    mode(family) as family,
    mode(kind) as kind,
    count(*) as n_checkpoints,
    min(step) as first_step,
    max(step) as last_step,
    max(n_layers) as n_layers,
    max(hidden_size) as hidden_size,
    mode(dtype) as dtype,
    max(n_parameters) as n_parameters,
    human_size(sum(n_bytes)) as size,
    sum(n_tensors)::bigint as n_tensors,
    sum(n_aliased)::bigint as n_aliased,
    sum(n_skipped)::bigint as n_skipped,
    bool_or(has_non_finite) as has_non_finite,
from checkpoints
group by model
order by model
