-- question: Which spectra have a power-law tail, and on what evidence?
-- grain: one row per matrix view; sound power laws first, by alpha
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: component text = null — only this component
-- param: level real = 0.05 in 0..1 — false discoveries among the matrices called
--   structured
-- param: least_p real = 0.1 in 0..1 — a tail whose alpha_p or lognormal_p is smaller is
--   no law
-- inputs: noise_verdicts, tail_fits
-- partitions: $model
-- shows: model, revision, tensor, view: verdict, alpha, alpha_stderr, q_value
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — whole, or the part of the tensor
-- column: component text — component of the view
-- column: verdict text — power_law, other_law, unjudged, constant, noise, not_normal,
--   untested
-- column: alpha real — exponent of the tail
-- column: alpha_stderr real — its standard error
-- column: alpha_null_z real standard deviations — against noise of its shape
-- column: n_tail integer eigenvalues — that the tail holds
-- column: ks_distance real fraction — largest gap between tail and fit
-- column: alpha_p real — p of that distance for a true power law; needs family tails
-- column: alpha_plateau real decades — how far alpha_xmin moves with alpha unchanged
-- column: lognormal_p real — small: a lognormal tail is likelier
-- column: exponential_lr real nats — negative: an exponential tail is likelier
-- column: exponential_p real — p of that sign
-- column: alpha_hill real — exponent of the upper half, without a search
-- column: alpha_farms real — the same at aspect ratio 1; needs family tails
-- column: q_value real — of the matrix being noise, Benjamini–Hochberg

-- No word on tails where noise is not rejected: noise has tails with exponents too.
-- power_law: none of three tests rejects it; where n_tail is small they rarely can.
-- unjudged: there is structure, but alpha_p was not measured.
with judged as (
    select
        v.*,
        f.alpha_p,
        f.alpha_farms,
        case
            when v.verdict <> 'structured' then v.verdict
            when v.alpha is null then 'other_law'
            when v.lognormal_p < $least_p then 'other_law'
            when v.exponential_lr < 0 and v.exponential_p < $least_p then 'other_law'
            when f.alpha_p is null then 'unjudged'
            when f.alpha_p < $least_p then 'other_law'
            else 'power_law'
        end as tail,
    from noise_verdicts($model, $revision, $component, $level) as v
    left join tail_fits as f
        on f.model = v.model
        and f.revision = v.revision
        and f.tensor = v.tensor
        and f.view = v.view
)
select
    model, revision, tensor, view, component,
    tail as verdict,
    alpha,
    alpha_stderr,
    alpha_null_z,
    n_tail,
    ks_distance,
    alpha_p,
    alpha_plateau,
    lognormal_p,
    exponential_lr,
    exponential_p,
    alpha_hill,
    alpha_farms,
    q_value,
from judged
order by
    array_position([
        'power_law', 'other_law', 'unjudged', 'constant', 'noise', 'not_normal',
        'untested'
    ], tail),
    alpha nulls last, model, revision, layer, position, view
