-- question: How many weights are zero, and do the zeros form a pattern?
-- grain: one row per measured tensor of two or more dimensions, most zeros first
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: component text = null from tensors.component — only this component
-- param: min_fraction real = 0 in 0..1 — least zero_fraction to show
-- inputs: weights, sides, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor: zero_fraction, n_zero_rows, n_zero_cols
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: component text — component
-- column: n_elements integer elements — elements
-- column: zero_fraction real fraction — finite elements that are zero
-- column: n_zero_rows integer rows — all zero, as stored
-- column: n_zero_cols integer columns — all zero, as stored
-- column: expected_zero_rows real rows — if the same zeros lay anywhere
-- column: expected_zero_cols real columns — if the same zeros lay anywhere
-- column: pattern_2_4_fraction real fraction — groups of four with two zeros or more
-- column: pattern_2_4_cols_fraction real fraction — the same along columns
-- column: expected_2_4_fraction real fraction — if the same zeros lay anywhere
-- column: zero_block_fraction real fraction — 16 x 16 blocks that are all zero
-- column: expected_block_fraction real fraction — if the same zeros lay anywhere
-- column: negligible_fraction real fraction — at or under 1e-4 of the largest magnitude

with zeros as (
    select model, revision, tensor, n_channels, n_zero, side
    from sides
    where is_asked(model, $model)
)
select
    w.model, w.revision, w.tensor,
    role(w.component, w.parameter) as component,
    w.n_elements,
    w.zero_fraction,
    r.n_zero as n_zero_rows,
    c.n_zero as n_zero_cols,
    r.n_channels * pow(w.zero_fraction, c.n_channels) as expected_zero_rows,
    c.n_channels * pow(w.zero_fraction, r.n_channels) as expected_zero_cols,
    w.pattern_2_4_fraction,
    w.pattern_2_4_cols_fraction,
    binomial_tail(4, 2, w.zero_fraction) as expected_2_4_fraction,
    w.zero_block_fraction,
    pow(w.zero_fraction, 256) as expected_block_fraction,
    w.below_1e_4_fraction as negligible_fraction,
from weights as w
semi join chosen_checkpoints($model, $revision) as chosen
    on chosen.model = w.model
    and chosen.revision = w.revision
join zeros as r
    on r.model = w.model
    and r.revision = w.revision
    and r.tensor = w.tensor
    and r.side = 'rows'
join zeros as c
    on c.model = w.model
    and c.revision = w.revision
    and c.tensor = w.tensor
    and c.side = 'cols'
where w.alias_of is null
    and not w.is_buffer
    and is_asked(w.component, $component)
    and w.zero_fraction >= $min_fraction
order by w.zero_fraction desc, w.model, w.revision, w.layer, w.position
