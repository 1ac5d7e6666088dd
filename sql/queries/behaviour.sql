-- question: What does each block of a model do to what passes it?
-- grain: one row per probe set and block, in the order of flow
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: block_activations, activations, chosen_probes
-- partitions: $model
-- shows: model, revision, probe_set, layer:
--   update_share, cosine, attention_share, mlp_share
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: update_share real — what the block adds, over what leaves it
-- column: cosine real — direction kept from in to out
-- column: attention_share real — what attention puts out, over what leaves the block
-- column: mlp_share real — the same of the MLP
-- column: lens_kl real nats — how far the block's own prediction is from the final one
-- column: load_entropy real fraction — how evenly experts are used, 1 all alike
-- column: rms real — root mean square of what leaves the block
-- column: massive_ratio real — largest over median magnitude of what leaves it
-- column: n_outliers integer dimensions — dimensions that stand out by their rms
-- column: dead_fraction real fraction — neurons that are never active
-- column: compressible_fraction real fraction — share of the neurons' values that
--   together carry 1 % of their energy

with outputs as (
    select model, revision, parameter_set, module, rms, massive_ratio, n_outliers,
    from activations
    where site = 'block_output'
),
firing as (
    select
        model, revision, parameter_set, stack, layer,
        avg(dead_fraction) as dead_fraction,
        avg(compressible_fraction) as compressible_fraction,
    from activations
    where site = 'mlp_activation'
    group by all
)
select
    b.model,
    b.revision,
    p.probe_set,
    b.stack,
    b.layer,
    b.update_share,
    b.cosine,
    b.attention_share,
    b.mlp_share,
    b.lens_kl,
    b.load_entropy,
    o.rms,
    o.massive_ratio,
    o.n_outliers,
    n.dead_fraction,
    n.compressible_fraction,
from block_activations as b
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
left join outputs as o using (model, revision, parameter_set, module)
left join firing as n
    on n.model = b.model
    and n.revision = b.revision
    and n.parameter_set = b.parameter_set
    and n.stack is not distinct from b.stack
    and n.layer is not distinct from b.layer
where b.model = $model
order by p.probe_set, b.parameter_set, b.stack, b.layer
