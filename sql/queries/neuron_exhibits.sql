-- question: Which neurons of each layer are loudest, when, and in which contexts?
-- grain: one row per model, layer and neuron, of its last run on a probe set
-- param: model text = null from probe_sets.model — only this model
-- param: limit integer = 24 in 1.. — neurons of each layer, by mean magnitude
-- param: probe_set text = null from probe_sets.probe_set — null: the first by name
-- inputs: neurons, activations, chosen_probes, channels, tensors
-- partitions: $model
-- shows: model, layer, component, neuron: mean_abs, positive_rate, is_dead
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: component text — gate or up: the weight whose outputs they are
-- column: neuron integer — 0-based row of that weight
-- column: positive_rate real fraction — tokens at which it is above zero
-- column: mean_abs real — mean magnitude
-- column: abs_max real — largest magnitude
-- column: is_dead boolean — active at under 1 % of tokens
-- column: weight_norm real — norm of its row of the weight, null where not measured
-- column: position_first list of integer tokens — first position of each range
-- column: position_mean_abs list of real — mean magnitude there
-- column: top_values list of real — its largest values, descending
-- column: top_contexts list of text — tokens around them, their own in ⟦ ⟧
-- column: values list of real — middles of the bins of the whole site's histogram
-- column: counts list of integer values — values in each bin

with chosen as (
    from chosen_probes($model, null, $probe_set)
    qualify row_number() over (
        partition by model order by probe_set, parameter_set
    ) = 1
),
norms as (
    select t.model, t.revision, t.stack, t.layer, t.component, c.norms,
    from tensors as t
    join channels as c using (model, revision, tensor)
    where t.parameter = 'weight'
        and c.side = if(coalesce(t.is_transposed, false), 'cols', 'rows')
        and t.expert is null
)
select
    n.model, n.revision, p.probe_set, n.stack, n.layer, n.component, n.neuron,
    n.positive_rate, n.mean_abs, n.abs_max, n.is_dead,
    w.norms[n.neuron + 1]::double as weight_norm,
    n.position_first, n.position_mean_abs, n.top_values, n.top_contexts,
    a."values", a.counts,
from neurons as n
join chosen as p using (model, revision, parameter_set)
join activations as a using (model, revision, parameter_set, module, site)
left join norms as w
    on w.model = n.model
    and w.revision = n.revision
    and w.stack is not distinct from n.stack
    and w.layer = n.layer
    and w.component = n.component
where n.site = 'mlp_activation' and n.layer is not null
qualify row_number() over (
    partition by n.model, n.module order by n.mean_abs desc nulls last, n.neuron
) <= $limit
order by n.model, n.stack, n.layer, n.mean_abs desc nulls last, n.neuron
