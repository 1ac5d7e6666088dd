-- question: What of a spectrum do the entries alone make, in any order?
-- grain: one row per matrix view that was shuffled, most traps first, then the nearest
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: component text = null — only this component
-- param: level real = 0.05 in 0..1 — false discoveries among the matrices called
--   structured
-- inputs: noise_verdicts
-- partitions: $model
-- shows: model, revision, tensor, view: random_distance, n_traps, verdict
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — whole, or the part of the tensor
-- column: component text — component of the view
-- column: n_rows integer — rows
-- column: n_cols integer — columns
-- column: random_distance real root mean squares of σ — from the shuffled spectrum
-- column: n_spikes integer eigenvalues — above the edge of noise, or of its shuffles
-- column: n_traps integer eigenvalues — the same after the shuffle: large entries alone
-- column: spectral_norm real — largest singular value
-- column: verdict text — noise, structured, constant, not_normal or untested
-- column: q_value real — Benjamini–Hochberg over all matrices tested
-- column: null_kind text — gaussian; shuffled: its own shuffles; gaussian_misfit

select
    model, revision, tensor, view, component, n_rows, n_cols,
    random_distance,
    n_spikes,
    n_traps,
    spectral_norm,
    verdict,
    q_value,
    null_used as null_kind,
from noise_verdicts($model, $revision, $component, $level)
where random_distance is not null
order by
    n_traps desc nulls last, random_distance, model, revision, layer, position, view
