-- question: Does a change between two checkpoints differ from noise of its shape?
-- grain: one row per row of tensor_changes
-- inputs: tensor_changes, nulls, scalars
-- column: stable_rank_null_z real — of the change, against noise of its shape
-- column: effective_rank_null_z real — the same
-- column: p_value real — of both together, by Bonferroni; null where none was drawn,
--   and where the change is of another kind than dense
-- column: units text — what a permutation moves: heads; hidden units: the order is also
--   that of another tensor of the layer; else rows, cols or both

with orders as (
    select
        model, revision, from_model, from_revision, layer, tensor, permuted,
        unnest([row_order, col_order]) as the_order,
    from tensor_changes
    where change_kind = 'permuted'
),
shared as (
    select
        model, revision, from_model, from_revision, layer,
        list(the_order) as shared_orders,
        coalesce(list(the_order) filter (is_of_heads), []) as head_orders,
    from (
        select
            model, revision, from_model, from_revision, layer, the_order,
            count(distinct tensor) as n_tensors,
            bool_or(permuted = 'heads') as is_of_heads,
        from orders
        where the_order is not null
        group by all
    )
    where n_tensors > 1
    group by all
)
select
    c.*,
    ratio(c.change_stable_rank - s.mean, s.sd) as stable_rank_null_z,
    ratio(c.change_effective_rank - e.mean, e.sd) as effective_rank_null_z,
    if(
        s.sd is null or e.sd is null or c.change_kind is distinct from 'dense',
        null,
        least(1.0, 2 * least(
            null_p(c.change_stable_rank, s.mean, s.sd, s.draws),
            null_p(c.change_effective_rank, e.mean, e.sd, e.draws)
        ))
    ) as p_value,
    case
        when c.permuted is null or c.permuted = 'heads' then c.permuted
        when list_has_any(h.head_orders, [c.row_order, c.col_order]) then 'heads'
        when list_has_any(h.shared_orders, [c.row_order, c.col_order])
            then 'hidden units'
        else c.permuted
    end as units,
from tensor_changes as c
left join nulls as s
    on s.metric = 'stable_rank'
    and s.n_small = c.design_rank
    and s.n_large = c.n_elements // c.design_rank
    and c.change_stable_rank is not null
left join nulls as e
    on e.metric = 'effective_rank'
    and e.n_small = s.n_small
    and e.n_large = s.n_large
left join shared as h
    on h.model = c.model
    and h.revision = c.revision
    and h.from_model = c.from_model
    and h.from_revision = c.from_revision
    and h.layer is not distinct from c.layer
