-- question: Which dimensions of the residual stream are outliers in layer after layer?
-- grain: one row per dimension that is an outlier anywhere, the least likely first
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: limit integer = 20 in 1.. — rows to show
-- inputs: residual_sides, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, stack, dimension: n_layers, expected_layers, q_value
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: stack text — encoder, decoder, … or null
-- column: dimension integer — 0-based dimension of the stream
-- column: width integer dimensions — of the stream
-- column: n_layers integer layers — in which a tensor has it as an outlier channel
-- column: n_layers_tested integer layers — whose tensors were looked at
-- column: expected_layers real layers — where each tensor's outliers lay anywhere
-- column: p_value real — of so many layers by chance, an upper bound
-- column: q_value real — Benjamini-Hochberg over all dimensions of the stream
-- column: n_tensors integer tensors — in which it is an outlier channel
-- column: n_tensors_tested integer tensors — that read or write the stream
-- column: components list of text — of the tensors in which it is one

-- A tensor's outlier channels are the first 64 with a weight of six sigma or more.
-- The layers' chances differ: a binomial of their mean bounds the tail from one above
-- the expectation on (Hoeffding 1956, theorem 4); below that p is 1.
with listed as (
    from residual_sides semi join chosen_checkpoints($model, $revision)
        using (model, revision)
    where model = $model
),
of_layers as (
    select
        model, revision, stack, width, layer,
        count(*) as n_tensors,
        1 - product(1 - len(outlier_channels) / width) as chance,
    from listed
    group by all
),
streams as (
    select
        stack, width,
        count(*) as n_layers_tested,
        sum(n_tensors)::bigint as n_tensors_tested,
        sum(chance) as expected_layers,
    from of_layers
    group by all
),
counted as (
    select
        model, revision, stack, width, dimension,
        count(distinct layer) as n_layers,
        count(*) as n_tensors,
        list_sort(list(distinct component)) as components,
    from (select *, unnest(outlier_channels) as dimension from listed)
    group by all
),
tested as (
    select
        c.*, s.n_layers_tested, s.n_tensors_tested, s.expected_layers,
        if(
            n_layers < expected_layers + 1,
            1.0,
            binomial_tail(n_layers_tested, n_layers, expected_layers / n_layers_tested)
        ) as p,
    from counted as c
    join streams as s on s.stack is not distinct from c.stack and s.width = c.width
),
raised as (
    select *, p * width / count(*) over (partition by stack, width order by p) as more
    from tested
)
select
    model, revision, stack, dimension, width,
    n_layers, n_layers_tested, expected_layers,
    p as p_value,
    least(1.0, min(more) over (partition by stack, width order by p desc)) as q_value,
    n_tensors, n_tensors_tested, components,
from raised
order by p, n_tensors desc, stack nulls first, width, dimension
limit $limit
