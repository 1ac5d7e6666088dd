-- question: Is what changed between two checkpoints told from noise of its shape?
-- grain: one row per row of tensor_changes
-- inputs: tensor_changes, nulls, scalars
-- column: stable_rank_null_z real — of the change, against noise of its shape
-- column: effective_rank_null_z real — the same
-- column: p_value real — of both together, by Bonferroni; null where none was drawn

select
    c.*,
    ratio(c.change_stable_rank - s.mean, s.sd) as stable_rank_null_z,
    ratio(c.change_effective_rank - e.mean, e.sd) as effective_rank_null_z,
    if(s.sd is null or e.sd is null, null, least(1.0, 2 * least(
        null_p(c.change_stable_rank, s.mean, s.sd, s.draws),
        null_p(c.change_effective_rank, e.mean, e.sd, e.draws)
    ))) as p_value,
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
