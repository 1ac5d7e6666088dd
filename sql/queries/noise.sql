-- question: Which matrices cannot be told from noise, and how sure is that?
-- grain: one row per matrix view; noise first, then those that cannot be judged
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: component text = null — only this component
-- param: level real = 0.05 in 0..1 — false discoveries among the matrices called
--   structured
-- inputs: noise_verdicts
-- partitions: $model
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — whole, or the part of the tensor
-- column: component text — component of the view
-- column: n_rows integer — rows
-- column: n_cols integer — columns
-- column: verdict text — noise, structured, not_normal or untested; see below
-- column: p_value real — Bonferroni over four metrics' null_p, or shuffle_p
-- column: q_value real — Benjamini–Hochberg over all matrices tested
-- column: null_kind text — gaussian; shuffled; gaussian_misfit: entries far from normal
-- column: stable_rank_null_z real standard deviations — against noise of its shape
-- column: effective_rank_null_z real standard deviations — the same
-- column: participation_ratio_null_z real standard deviations — the same
-- column: mp_softrank_null_z real standard deviations — the same
-- column: n_spikes integer eigenvalues — above the edge of noise
-- column: alpha real — exponent of the tail, for those who know it
-- column: alpha_null_z real standard deviations — against noise of its shape

-- noise: the null is not rejected. structured: it is. not_normal: it is, but entries
-- of such kurtosis do that without any structure: extract with --families randomised.
-- untested: there is no null.
select
    model, revision, tensor, view, component, n_rows, n_cols,
    verdict,
    p_value,
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
    array_position(['noise', 'not_normal', 'untested', 'structured'], verdict),
    p_value desc nulls last, model, revision, position, view
