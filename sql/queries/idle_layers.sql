-- question: Which layers change what passes them least?
-- grain: one row per probe set and block, the one that contributes least first
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: block_activations, chosen_probes
-- partitions: $model
-- shows: model, revision, probe_set, layer: update_share, turn, lens_gain
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: update_share real — what the block adds, over what leaves it
-- column: turn real — 1 − cos(in, out): Men et al. (arXiv 2403.03853) call it influence
-- column: lens_gain real nats — by how much it brings its prediction nearer the final
-- column: skip_loss_change real nats — how much the loss rises when it is skipped; null
--   without --skips
-- column: skip_loss_stderr real nats — its standard error over documents

select
    b.model,
    b.revision,
    p.probe_set,
    b.stack,
    b.layer,
    b.update_share,
    1 - b.cosine as turn,
    lag(b.lens_kl) over blocks - b.lens_kl as lens_gain,
    b.skip_loss_change,
    b.skip_loss_stderr,
from block_activations as b
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
where b.model = $model
window blocks as (
    partition by b.model, b.revision, b.parameter_set, b.stack order by b.layer
)
order by p.probe_set, b.parameter_set, turn nulls last, b.stack, b.layer
