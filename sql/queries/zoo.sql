-- question: Which checkpoints are in the warehouse, and how big are they?
-- grain: one row per checkpoint, by model and step
-- param: model text = null from checkpoints.model — only this model
-- inputs: checkpoints, scalars
-- partitions: $model
-- shows: model, revision: step, n_layers, n_parameters, size, n_ok, n_skipped
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: family text — layout pattern that placed its tensors
-- column: kind text — model or adapter
-- column: n_layers integer layers — blocks
-- column: hidden_size integer — width of the residual stream
-- column: dtype text — dtype that holds the most bytes
-- column: n_parameters integer — elements of weights, a tied one counted once
-- column: n_bytes integer bytes — bytes that the headers declare
-- column: size text — the same for reading
-- column: n_tensors integer tensors — tensors in its headers
-- column: n_ok integer tensors — measured
-- column: n_aliased integer tensors — repeat another tensor's values
-- column: n_skipped integer tensors — not measured, each with its reason in `skipped`
-- column: has_non_finite boolean — whether any measured tensor holds NaN or Inf

select
    model,
    revision,
    step,
    family,
    kind,
    n_layers,
    hidden_size,
    dtype,
    n_parameters,
    n_bytes,
    human_size(n_bytes) as size,
    n_tensors,
    n_tensors - n_aliased - n_skipped as n_ok,
    n_aliased,
    n_skipped,
    has_non_finite,
from checkpoints
where is_asked(model, $model)
order by model, step nulls first, revision
