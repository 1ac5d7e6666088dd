-- question: What would each block predict, if the head came right after it?
-- grain: one row per probe set and block; the picture `lens` draws it
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: block_activations, chosen_probes
-- partitions: $model
-- shows: revision, probe_set, layer: kl, agreement, loss, top_tokens
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: kl real nats — how far its prediction is from the final one
-- column: loss real nats — of its prediction
-- column: agreement real fraction — predictions with the final likeliest token
-- column: rank real — median rank of the target, rounded down to a power of two
-- column: top_tokens list of text — five tokens of the largest mean probability
-- column: top_shares list of real fraction — their mean probabilities

select
    b.model,
    b.revision,
    p.probe_set,
    b.stack,
    b.layer,
    b.lens_kl as kl,
    b.lens_loss as loss,
    b.lens_agreement as agreement,
    b.lens_rank as rank,
    b.lens_top_tokens as top_tokens,
    b.lens_top_shares as top_shares,
from block_activations as b
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
where b.model = $model and b.lens_kl is not null
order by p.probe_set, b.parameter_set, b.stack, b.layer
