-- question: Which heads are strong, and which use few directions?
-- grain: one row per attention, kind and head, in file order
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: kind text = null in q|k|v|o|qk|ov — q, k, v, o, qk (W_Qᵀ·W_K) or ov (W_O·W_V);
--   null: qk and ov
-- param: layer integer = null in 0.. — only this layer
-- inputs: head_weights, components, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, layer, attention, kind, head: norm_ratio, stable_rank, status
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: stack text — encoder, decoder, vision, … or null
-- column: layer integer — 0-based block index
-- column: attention text — self or cross
-- column: kind text — q, k, v, o, qk or ov
-- column: head integer — 0-based head, null where heads are not certain
-- column: kv_head integer — key head that a circuit shares
-- column: n_directions integer dimensions — singular values
-- column: spectral_norm real — largest singular value
-- column: frobenius_norm real — root of the sum of squared singular values
-- column: norm_ratio real — frobenius_norm over the mean of its layer and kind
-- column: stable_rank real dimensions — Σσ² / σ₁²
-- column: effective_rank real dimensions — exp H(σ / Σσ)
-- column: numerical_rank integer dimensions — singular values above the tolerance
-- column: status text — ok, or why there are no numbers
-- column: reason text — what the status means here

select
    model,
    revision,
    stack,
    layer,
    attention,
    kind,
    head,
    kv_head,
    design_rank as n_directions,
    spectral_norm,
    frobenius_norm,
    ratio(
        frobenius_norm,
        avg(frobenius_norm) over (
            partition by model, revision, stack, layer, attention, kind
        )
    ) as norm_ratio,
    stable_rank,
    effective_rank,
    numerical_rank,
    status,
    reason,
from head_weights
left join components on components.component = head_weights.kind
semi join chosen_checkpoints($model, $revision) using (model, revision)
where model = $model
    and coalesce(kind = $kind, kind in ('qk', 'ov'))
    and ($layer is null or layer = $layer)
order by
    stack nulls first, layer nulls first, attention desc,
    place nulls last, kind desc, head nulls first, tensor
