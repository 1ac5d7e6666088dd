-- question: Which layers did a fine-tune move, and what kind of change was it?
-- grain: one row per pair of checkpoints, layer, component and parameter
-- param: model text from tensor_changes.model — the newer model
-- param: revision text = null from tensor_changes.revision — null: every revision
-- param: from_model text = null — the older model; null: any
-- param: from_revision text = null — its revision; null: any
-- param: level real = 0.05 in 0..1 — false discoveries among the changes called dense
-- inputs: judged_changes, scalars
-- shows: revision, from_revision, layer, component: relative_change, verdict, q_value
-- column: revision text — the newer checkpoint
-- column: from_model text — the older model
-- column: from_revision text — the older checkpoint
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — component, with the parameter where it is not the weight
-- column: n_tensors integer tensors — that both have
-- column: n_changed integer tensors — of these not equal to the bit
-- column: relative_change real ratio — ‖B − A‖ / ‖A‖ over the tensors read
-- column: change_share real fraction — of all that changed, by squares
-- column: rank_fraction real fraction — rank_90 of the change over the smaller side
-- column: stable_rank_null_z real — of the change, against noise of its shape
-- column: effective_rank_null_z real — the same
-- column: q_value real — Benjamini–Hochberg over all dense changes, the least one
-- column: n_intruders integer dimensions — new leading directions that A has not
-- column: verdict text — still, pruned, scaled, sign_flipped, permuted, rounded,
--   low_rank; dense; noise: dense, like noise of the shape; untested; mixed
-- column: size real — change_size of tensor_changes: its unit depends on the verdict
-- column: units text — of a permutation: heads, hidden units, rows, cols or both

with raised as (
    select
        *,
        p_value * count(p_value) over () / count(p_value) over (order by p_value)
            as more,
    from judged_changes
    where model = $model
        and is_asked(revision, $revision)
        and is_asked(from_model, $from_model)
        and is_asked(from_revision, $from_revision)
        and status in ('ok', 'identical')
),
judged as (
    select
        *,
        if(p_value is null, null, least(1.0, min(more) over (order by p_value desc)))
            as q,
        case
            when status = 'identical' then 'still'
            when change_kind is null then 'untested'
            when q >= $level then 'noise'
            else change_kind
        end as verdict,
    from raised
)
select
    revision, from_model, from_revision, layer,
    role(component, parameter) as component,
    count(*) as n_tensors,
    count(*) filter (status = 'ok') as n_changed,
    coalesce(ratio(
        sqrt(sum(pow(change_norm, 2))),
        sqrt(sum(pow(from_norm, 2)))
    ), 0) as relative_change,
    ratio(
        sum(pow(change_norm, 2)),
        sum(sum(pow(change_norm, 2))) over (
            partition by revision, from_model, from_revision
        )
    ) as change_share,
    avg(ratio(change_rank_90, design_rank)) as rank_fraction,
    avg(stable_rank_null_z) as stable_rank_null_z,
    avg(effective_rank_null_z) as effective_rank_null_z,
    min(q) as q_value,
    sum(n_intruders)::bigint as n_intruders,
    if(count(distinct verdict) = 1, any_value(verdict), 'mixed') as verdict,
    if(count(distinct verdict) = 1, avg(change_size), null) as size,
    any_value(units) as units,
from judged
group by revision, from_model, from_revision, layer, component, parameter
order by revision, from_model, from_revision, relative_change desc, layer, component
