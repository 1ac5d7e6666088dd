-- question: Which layers of a model hold alike representations?
-- grain: one row per pair of blocks, the lower layer first
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: similarities, chosen_probes
-- partitions: $model
-- shows: model, revision, probe_set, layer, to_layer: cka
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — stack of the one
-- column: layer integer blocks — its block
-- column: to_stack text — stack of the other
-- column: to_layer integer blocks — its block
-- column: cka real — linear centred kernel alignment, 1 alike
-- column: n_tokens integer tokens — tokens that both were seen at

select
    s.model,
    s.revision,
    p.probe_set,
    s.stack,
    s.layer,
    s.to_stack,
    s.to_layer,
    s.cka,
    s.n_tokens,
from similarities as s
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
where s.model = $model
    and s.module <> s.to_module
order by p.probe_set, s.parameter_set, s.stack, s.layer, s.to_stack, s.to_layer
