-- question: What does a LoRA adapter change, how much of its rank does it use?
-- grain: one row per checkpoint, adapted module and adapter, by step and in file order
-- param: model text from checkpoints.model — the adapter's model
-- param: revision text = null from checkpoints.revision — null: every one, as steps
-- param: component text = null from tensors.component — only this component
-- inputs: updates, scalars
-- shows: model, revision, module, adapter: utilisation, relative_change, status
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: module text — adapted module
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — q, v, up, …
-- column: adapter text — name of the adapter
-- column: rank integer dimensions — rows of A
-- column: scale real — alpha / rank, or alpha / √rank
-- column: frobenius_norm real — ‖ΔW‖, ΔW = scale · B · A
-- column: spectral_norm real — largest singular value of ΔW
-- column: stable_rank real dimensions — Σσ² / σ₁²
-- column: effective_rank real dimensions — exp H(σ / Σσ)
-- column: utilisation real fraction — numerical rank / rank
-- column: base_tensor text — adapted weight, where its model is in the warehouse
-- column: relative_change real ratio — ‖ΔW‖ / ‖W‖, Frobenius
-- column: relative_spectral_norm real ratio — σ₁(ΔW) / σ₁(W)
-- column: status text — ok, or why there are no numbers
-- column: reason text — what the status means here

select
    model,
    revision,
    step,
    module,
    layer,
    component,
    adapter,
    rank,
    scale,
    frobenius_norm,
    spectral_norm,
    stable_rank,
    effective_rank,
    utilisation,
    base_tensor,
    relative_change,
    relative_spectral_norm,
    status,
    reason,
from updates
where model = $model
    and is_asked(revision, $revision)
    and is_asked(component, $component)
order by step nulls first, revision, position, adapter
