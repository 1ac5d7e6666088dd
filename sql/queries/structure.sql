-- question: What is each model made of, tensor by tensor?
-- grain: one row per model and tensor, as the last checkpoint that has it holds it
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — only this checkpoint
-- inputs: tensors, checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor: dtype, shape, n_bytes
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of that last checkpoint
-- column: tensor text — full state-dict key
-- column: stack text — encoder, decoder, vision, … or null
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — q, k, v, o, up, gate, down, norm, … or other
-- column: parameter text — weight, bias, …
-- column: expert integer — 0-based expert, null outside experts or when fused
-- column: is_transposed boolean — stored (in, out) as Conv1D of GPT-2 is
-- column: dtype text — how its values are coded, else the type of its elements
-- column: shape text — sizes of its values, joined by ×
-- column: n_bytes integer bytes — stored bytes
-- column: alias_of text — earlier tensor of the checkpoint with the same values
-- column: is_tied boolean — an alias that is one parameter with its original
-- column: reason text — why it was skipped or failed
-- column: n_checkpoints integer — checkpoints of the model that have the tensor

select
    t.model,
    t.revision,
    t.tensor,
    t.stack,
    t.layer,
    t.component,
    t.parameter,
    t.expert,
    t.is_transposed,
    coalesce(t.quantisation, t.dtype) as dtype,
    coalesce(t.logical_shape, t.shape) as shape,
    t.n_bytes,
    t.alias_of,
    t.is_tied,
    t.reason,
    count(*) over (partition by t.model, t.tensor) as n_checkpoints,
from tensors as t
join checkpoints as c
    on c.model = t.model
    and c.revision = t.revision
where is_asked(t.model, $model)
    and is_asked(t.revision, $revision)
qualify row_number() over (
    partition by t.model, t.tensor
    order by
        t.revision = 'main' desc,
        t.step desc nulls last,
        c.extracted_at desc,
        t.revision
) = 1
order by
    t.model, reading_place(t.model, t.revision, t.stack, t.layer, t.position),
    t.layer, t.position, t.tensor
