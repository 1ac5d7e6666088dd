-- question: What does a model do differently from step to step, beside its logged loss?
-- grain: one row per probe set and step
-- param: model text = null from probe_sets.model — only this training run
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: probe_sets, activations, block_activations, logged_losses, scalars
-- partitions: $model
-- shows: model, revision, probe_set: probe_loss, logged_loss
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: probe_set text — what it was run on
-- column: logged_loss real — of training at that step, whatever the log calls it
-- column: probe_loss real nats — mean loss on the probe set
-- column: loss_stderr real nats — its standard error over documents
-- column: bits_per_token real bits — the same loss in bits
-- column: update_share real — what a block adds, over what leaves it; mean over blocks
-- column: output_rms real — of what leaves the last block
-- column: lens_kl real nats — of the first block's prediction to the final one
-- column: dead_fraction real fraction — neurons that are never active; mean over blocks
-- column: compressible_fraction real fraction — of the neurons' values that together
--   carry 1 % of their energy; mean over blocks

with asked as (
    select model, revision, step, parameter_set, probe_set, loss, loss_stderr,
    from probe_sets
    where step is not null
        and is_asked(model, $model)
        and is_asked(probe_set, $probe_set)
),
blocks as (
    select
        model, revision, parameter_set,
        avg(update_share) as update_share,
        arg_min(lens_kl, layer) as lens_kl,
    from block_activations
    group by all
),
sites as (
    select
        model, revision, parameter_set,
        arg_max(rms, layer) filter (site = 'block_output') as output_rms,
        avg(dead_fraction) filter (site = 'mlp_activation') as dead_fraction,
        avg(compressible_fraction) filter (site = 'mlp_activation')
            as compressible_fraction,
    from activations
    group by all
)
select
    p.model, p.revision, p.step, p.probe_set,
    l.value as logged_loss,
    p.loss as probe_loss,
    p.loss_stderr,
    p.loss / ln(2) as bits_per_token,
    b.update_share, s.output_rms, b.lens_kl, s.dead_fraction, s.compressible_fraction,
from asked as p
left join blocks as b using (model, revision, parameter_set)
left join sites as s using (model, revision, parameter_set)
left join logged_losses() as l on l.model = p.model and l.step = p.step
order by p.model, p.probe_set, p.parameter_set, p.step, p.revision
