-- question: Which matrices cannot be told from noise?
-- inputs: matrices, randomised, chosen_checkpoints, scalars

-- One row per matrix view, aliases and kernel offsets left out; q_value is over all of
-- them, at the level of false discoveries asked for. Entries far from normal are judged
-- by their own shuffles where there are some.
-- noise: the null is not rejected. structured: it is. not_normal: noise of the shape is
-- rejected, but entries of such kurtosis do that without structure, and there are no
-- shuffles. untested: there is no null.
create macro noise_verdicts(model_name, revision_name, component_name, level) as table
with asked as (
    select
        m.*,
        r.random_distance,
        r.n_traps,
        if(r.stable_rank_shuffle_p is null, m.null_kind, 'shuffled') as null_used,
        least(1, 4 * if(r.stable_rank_shuffle_p is null, least(
            m.stable_rank_null_p, m.effective_rank_null_p,
            m.participation_ratio_null_p, m.mp_softrank_null_p
        ), least(
            r.stable_rank_shuffle_p, r.effective_rank_shuffle_p,
            r.participation_ratio_shuffle_p, r.mp_softrank_shuffle_p
        ))) as smallest_p,
    from matrices as m
    semi join chosen_checkpoints(model_name, revision_name) as chosen
        on chosen.model = m.model
        and chosen.revision = m.revision
    left join randomised as r
        on r.model = m.model
        and r.revision = m.revision
        and r.tensor = m.tensor
        and r.view = m.view
    where m.view <> 'none'
        and m.alias_of is null
        and m.matrix_view <> 'kernel_offset'
        and is_asked(m.model, model_name)
        and is_asked(m.component, component_name)
),
known as (
    select *, if(null_used is null, null, smallest_p) as p_value from asked
),
ranked as (
    select
        *,
        count(p_value) over () as n_tested,
        count(p_value) over (order by p_value nulls last) as n_as_small,
    from known
),
tested as (
    select
        *,
        if(p_value is null, null, min(p_value * n_tested / n_as_small) over (
            order by n_as_small desc
        )) as q_value,
    from ranked
)
select
    *,
    case
        when p_value is null then 'untested'
        when q_value >= level then 'noise'
        when null_used = 'gaussian_misfit' then 'not_normal'
        else 'structured'
    end as verdict,
from tested;
