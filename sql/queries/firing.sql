-- question: How often does each neuron fire, at what, and how large are its weights?
-- grain: one row per neuron, the largest mean magnitude of its layer first
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- param: layer integer = null in 0.. — only this layer
-- param: word text = null — only neurons whose loudest tokens contain this
-- param: limit integer = 100 in 1.. — neurons of each layer to show
-- inputs: neurons, chosen_probes, channels, tensors, scalars
-- partitions: $model
-- shows: layer, component, neuron: positive_rate, mean_abs, top_token
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: component text — gate or up: the weight whose outputs they are
-- column: neuron integer — 0-based row of that weight
-- column: positive_rate real fraction — tokens at which it is above zero
-- column: active_rate real fraction — tokens with a magnitude that counts
-- column: mean_abs real — mean magnitude
-- column: abs_max real — largest magnitude
-- column: positive_mean real — mean where it fires
-- column: weight_norm real — norm of its row of the weight, null where not measured
-- column: top_value real — its largest value
-- column: top_token text — the token that it was seen at
-- column: top_context text — that token with six on either side

with norms as (
    select
        t.model, t.revision, t.stack, t.layer, t.component, c.norms,
    from tensors as t
    join channels as c using (model, revision, tensor)
    where t.parameter = 'weight'
        and c.side = if(coalesce(t.is_transposed, false), 'cols', 'rows')
        and t.expert is null
)
select
    n.model, n.revision, p.probe_set, n.stack, n.layer, n.component, n.neuron,
    n.positive_rate, n.active_rate, n.mean_abs, n.abs_max, n.positive_mean,
    w.norms[n.neuron + 1]::double as weight_norm,
    n.top_values[1]::double as top_value,
    n.top_tokens[1] as top_token,
    n.top_contexts[1] as top_context,
from neurons as n
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
left join norms as w
    on w.model = n.model
    and w.revision = n.revision
    and w.stack is not distinct from n.stack
    and w.layer = n.layer
    and w.component = n.component
where n.model = $model
    and n.site = 'mlp_activation'
    and is_asked(n.layer, $layer)
    and ($word is null or list_bool_or(
        [contains(each, $word) for each in n.top_tokens]
    ))
qualify row_number() over (
    partition by p.probe_set, n.parameter_set, n.module
    order by n.mean_abs desc nulls last, n.neuron
) <= $limit
order by
    p.probe_set, n.parameter_set, n.stack, n.layer,
    n.mean_abs desc nulls last, n.neuron
