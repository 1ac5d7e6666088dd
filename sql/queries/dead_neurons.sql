-- question: Which neurons never fire or always do, and how large are their weights?
-- grain: one row per neuron that is dead or always on, by layer
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: neurons, chosen_probes, channels, tensors
-- partitions: $model
-- shows: model, revision, probe_set, layer, component, neuron: state, weight_norm_ratio
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: component text — gate or up: the weight whose outputs they are
-- column: neuron integer — 0-based row of that weight
-- column: state text — dead or always_on
-- column: n_values integer tokens — tokens that it was seen at
-- column: active_high real fraction — upper 95 % bound of how often it is active
-- column: positive_low real fraction — lower 95 % bound of how often it is positive
-- column: weight_norm real — norm of its row of the weight, null where not measured
-- column: weight_norm_ratio real — that norm over the median row's

with rows_of_weights as (
    select
        t.model, t.revision, t.stack, t.layer, t.component,
        c.norms, c.norm_median,
    from tensors as t
    join channels as c using (model, revision, tensor)
    where t.parameter = 'weight'
        and c.side = if(coalesce(t.is_transposed, false), 'cols', 'rows')
        and t.expert is null
)
select
    n.model,
    n.revision,
    p.probe_set,
    n.stack,
    n.layer,
    n.component,
    n.neuron,
    if(n.is_dead, 'dead', 'always_on') as state,
    n.n_values,
    n.active_high,
    n.positive_low,
    w.norms[n.neuron + 1]::double as weight_norm,
    w.norms[n.neuron + 1] / nullif(w.norm_median, 0) as weight_norm_ratio,
from neurons as n
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
left join rows_of_weights as w
    on w.model = n.model
    and w.revision = n.revision
    and w.stack is not distinct from n.stack
    and w.layer = n.layer
    and w.component = n.component
where n.model = $model
    and (n.is_dead or n.is_always_on)
order by p.probe_set, n.parameter_set, n.stack, n.layer, n.neuron
