-- question: Which heads does the loss need, and how widely do they look?
-- grain: one row per head of a model on a probe set, by importance
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: attention_heads, chosen_probes
-- partitions: $model
-- shows: stack, attention, layer, head: importance, ablation_effect
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: attention text — self or cross
-- column: layer integer blocks — 0-based block of its stack
-- column: head integer — 0-based head
-- column: gate_gradient real nats — mean |∂L/∂ξ|; null without `probe --gradients`
-- column: gate_gradient_low real nats — its lower 95 % bound
-- column: importance real fraction — gate_gradient over the Euclidean norm of its
--   layer's, as Michel et al. compare layers
-- column: ablation_effect real nats — loss without it less loss with it; null without
--   `probe --ablation`
-- column: ablation_effect_low real nats — lower 95 % bound: above 0 the head is needed
-- column: ablation_effect_high real nats — upper 95 % bound
-- column: entropy real nats — mean entropy of its weights
-- column: normalised_entropy real fraction — over the most it could be
-- column: sink_mass real fraction — weight on the key that gets most
-- column: mean_distance real tokens — mean distance to what it looks at

select
    h.model,
    h.revision,
    p.probe_set,
    h.stack,
    h.attention,
    h.layer,
    h.head,
    h.gate_gradient,
    h.gate_gradient_low,
    h.gate_gradient / nullif(sqrt(sum(h.gate_gradient ** 2) over (
        partition by h.model, h.revision, h.parameter_set, h.module, h.attention
    )), 0) as importance,
    h.ablation_effect,
    h.ablation_effect_low,
    h.ablation_effect_high,
    h.entropy,
    h.normalised_entropy,
    h.sink_mass,
    h.mean_distance,
from attention_heads as h
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
where h.model = $model
order by
    p.probe_set, coalesce(h.ablation_effect, h.gate_gradient) desc nulls last,
    h.stack, h.attention, h.layer, h.head
