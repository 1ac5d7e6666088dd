-- question: Which experts are used, which together, and which never?
-- grain: one row per expert of each mixture layer
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: expert_activations, block_activations, chosen_probes
-- partitions: $model
-- shows: model, revision, probe_set, layer, expert: load, load_ratio, is_dropped
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: expert integer — 0-based expert
-- column: load real fraction — share of tokens sent to it
-- column: load_low real fraction — lower 95 % bound
-- column: load_high real fraction — upper 95 % bound
-- column: load_ratio real — load over an even one
-- column: mean_weight real — mean weight of its output where chosen
-- column: is_dropped boolean — surely below a tenth of an even load
-- column: partner integer — the expert chosen with it most above chance
-- column: partner_lift real — how often together, over chance
-- column: load_entropy real fraction — evenness of the layer's loads, 1 all alike

select
    e.model,
    e.revision,
    p.probe_set,
    e.stack,
    e.layer,
    e.expert,
    e.load,
    e.load_low,
    e.load_high,
    e.load_ratio,
    e.mean_weight,
    e.is_dropped,
    e.partner,
    e.partner_lift,
    b.load_entropy,
from expert_activations as e
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
left join block_activations as b
    on b.model = e.model
    and b.revision = e.revision
    and b.parameter_set = e.parameter_set
    and b.stack is not distinct from e.stack
    and b.layer = e.layer
where e.model = $model
order by p.probe_set, e.parameter_set, e.stack, e.layer, e.expert
