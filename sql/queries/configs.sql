-- question: What does each checkpoint say of itself?
-- grain: one row per checkpoint, by model and step
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — only this checkpoint
-- param: most integer = null in 2.. — only so many checkpoints of a model, evenly taken
-- inputs: checkpoints, even_checkpoints, scalars
-- partitions: $model
-- shows: model, revision: kind, architecture, n_layers, hidden_size, n_parameters
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: series text — training run that the checkpoint is a step of
-- column: kind text — model or adapter
-- column: family text — layout pattern that placed its tensors
-- column: architecture text — class named in the config
-- column: n_layers integer layers — blocks
-- column: hidden_size integer — width of the residual stream
-- column: n_heads integer — attention heads per layer
-- column: n_kv_heads integer — key and value heads per layer
-- column: n_experts integer — experts per mixture layer
-- column: vocabulary_size integer — rows of the token embedding
-- column: dtype text — dtype that holds the most bytes
-- column: n_parameters integer — elements of weights, a tied one counted once
-- column: base_model text — model that an adapter or fine-tune names as its base
-- column: source text — path or hub reference it was read from
-- column: config text — config.json or adapter_config.json as JSON
-- column: notes text — what was noticed on reading, one sentence per line
-- column: n_checkpoints integer — checkpoints of the model, shown or not

select
    model,
    revision,
    step,
    series,
    kind,
    family,
    architecture,
    n_layers,
    hidden_size,
    n_heads,
    n_kv_heads,
    n_experts,
    vocabulary_size,
    dtype,
    n_parameters,
    base_model,
    source,
    config,
    notes,
    n_checkpoints,
from checkpoints
join even_checkpoints($most) using (model, revision)
where is_asked(model, $model)
    and is_asked(revision, $revision)
order by model, step nulls first, revision
