-- question: How do the shapes of the models compare, side by side?
-- grain: one row per model, the most parameters first; the picture `shapes` draws it
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- inputs: checkpoints, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision: family, n_layers, hidden_size, n_parameters, n_bytes
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: architecture text — class named in the config
-- column: family text — layout pattern that placed its tensors
-- column: dtype text — dtype that holds the most bytes
-- column: n_layers integer layers — blocks
-- column: hidden_size integer — width of the residual stream
-- column: n_heads integer — attention heads per layer
-- column: n_kv_heads integer — key and value heads per layer
-- column: n_experts integer — experts per mixture layer
-- column: vocabulary_size integer — rows of the token embedding
-- column: n_parameters integer — elements of weights, a tied one counted once
-- column: n_bytes integer bytes — bytes that the headers declare

select
    model,
    revision,
    architecture,
    family,
    dtype,
    n_layers,
    hidden_size,
    n_heads,
    n_kv_heads,
    n_experts,
    vocabulary_size,
    n_parameters,
    n_bytes,
from checkpoints
semi join chosen_checkpoints($model, $revision) using (model, revision)
where is_asked(model, $model)
order by n_parameters desc, model
