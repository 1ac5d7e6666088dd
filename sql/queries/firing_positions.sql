-- question: How large is each neuron's activation, position by position?
-- grain: one row per neuron and range of positions; picture `firing_positions` draws it
-- param: model text from probe_sets.model — the model
-- param: layer integer = 0 in 0.. — the layer
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- param: stack text = null — of a model of several: encoder or decoder
-- param: limit integer = 40 in 1..512 — neurons, those of the largest magnitude
-- inputs: neurons, chosen_probes, scalars
-- partitions: $model
-- shows: probe_set, layer, neuron, first: share, magnitude
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: neuron integer — 0-based row of the weight that makes it
-- column: mean_abs real — its mean magnitude over all positions
-- column: first integer tokens — first position of the range; it ends before the next
-- column: magnitude real — its mean magnitude there
-- column: share real — that over mean_abs: 1 where a position says nothing

with chosen as (
    select
        n.model, n.revision, p.probe_set, n.parameter_set, n.stack, n.layer,
        n.neuron, n.mean_abs, n.position_first, n.position_mean_abs,
    from neurons as n
    join chosen_probes($model, $revision, $probe_set) as p
        using (model, revision, parameter_set)
    where n.model = $model
        and n.site = 'mlp_activation'
        and n.layer = $layer
        and is_asked(n.stack, $stack)
        and n.mean_abs is not null
    qualify row_number() over (
        partition by p.probe_set, n.parameter_set, n.stack
        order by n.mean_abs desc, n.neuron
    ) <= $limit
)
select
    model, revision, probe_set, stack, layer, neuron, mean_abs,
    unnest(position_first) as first,
    unnest(position_mean_abs) as magnitude,
    ratio(unnest(position_mean_abs), mean_abs) as share,
from chosen
order by probe_set, parameter_set, stack, mean_abs desc, neuron, first
