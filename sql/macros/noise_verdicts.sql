-- question: Which matrices cannot be distinguished from noise?
-- inputs: matrices, randomised, components, chosen_checkpoints, scalars

-- One row per matrix view, aliases and kernel offsets left out; q_value is over all
-- that have a p, at the level of false discoveries asked for. Entries far from normal
-- are judged by their own shuffles where there are some.
-- noise: the null is not rejected. structured: it is. constant: it is, but the singular
-- values are one up to rounding, as orthogonal initialisation makes them. not_normal:
-- entries too far from normal for the null, and there are no shuffles. untested: there
-- is no null, or the tensor was computed and never drawn: a buffer, a table of
-- positions, rows that are all alike. n_spikes is that of the edge that holds for the
-- entries.
create macro noise_verdicts(model_name, revision_name, component_name, level) as table
with asked as (
    select
        m.* replace (coalesce(m.n_spikes, r.n_beyond_shuffles) as n_spikes),
        r.random_distance,
        r.n_traps,
        m.is_buffer
            or m.component in (select component from components where is_computed)
            or m.numerical_rank <= 1 as is_computed,
        if(r.stable_rank_shuffle_p is null, m.null_kind, 'shuffled') as null_used,
        if(r.stable_rank_shuffle_p is null, m.noise_p, least(1, 4 * least(
            r.stable_rank_shuffle_p, r.effective_rank_shuffle_p,
            r.participation_ratio_shuffle_p, r.mp_softrank_shuffle_p
        ))) as evidence_p,
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
    select *, if(is_computed, null, evidence_p) as p_value from asked
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
        when is_computed or null_used is null then 'untested'
        when p_value is null then 'not_normal'
        when q_value >= level then 'noise'
        when fit_status = 'constant' then 'constant'
        else 'structured'
    end as verdict,
from tested;
