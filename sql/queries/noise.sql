-- question: Which matrices are no different from noise, and how sure is that?
-- grain: one row per matrix view; noise first, then those that cannot be judged
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: component text = null — only this component
-- param: level real = 0.05 in 0..1 — false discoveries among the matrices called
--   structured
-- inputs: noise_verdicts
-- partitions: $model
-- shows: model, revision, tensor, view: verdict, q_value, stable_rank_null_z
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — whole, or the part of the tensor
-- column: component text — component of the view
-- column: n_rows integer — rows
-- column: n_cols integer — columns
-- column: verdict text — noise, structured, constant, not_normal or untested; see below
-- column: p_value real — of the largest eigenvalue and the bulk, or of four shuffle_p
-- column: largest_p real — of the largest eigenvalue alone, in noise of the shape
-- column: q_value real — Benjamini–Hochberg over all matrices with a p
-- column: null_kind text — gaussian; shuffled; gaussian_misfit: entries far from normal
-- column: stable_rank_null_z real standard deviations — against noise of its shape
-- column: effective_rank_null_z real standard deviations — the same
-- column: participation_ratio_null_z real standard deviations — the same
-- column: mp_softrank_null_z real standard deviations — the same
-- column: n_spikes integer eigenvalues — above the edge of noise, or of its shuffles
-- column: alpha real — exponent of the tail, for those who know it
-- column: alpha_null_z real standard deviations — against noise of its shape

-- noise: the null is not rejected. structured: it is. constant: it is, by singular
-- values that are one up to rounding. not_normal: entries too far from normal for the
-- null: extract with --families randomised. untested: there is no null, or the tensor
-- was computed and never drawn.
select
    model, revision, tensor, view, component, n_rows, n_cols,
    verdict,
    p_value,
    largest_p,
    q_value,
    null_used as null_kind,
    stable_rank_null_z,
    effective_rank_null_z,
    participation_ratio_null_z,
    mp_softrank_null_z,
    n_spikes,
    alpha,
    alpha_null_z,
from noise_verdicts($model, $revision, $component, $level)
order by
    array_position(
        ['noise', 'not_normal', 'untested', 'constant', 'structured'], verdict
    ),
    p_value desc nulls last, model, revision, layer, position, view
