-- question: If values below a threshold were zero, how many would be, at which loss?
-- grain: one row per site and magnitude; the picture `thresholds` draws it
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- param: site text = mlp_activation — which sites: block_output, linear_input, …
-- param: component text = null — only this component: up, gate, down, q, …
-- param: layer integer = null in 0.. — only this layer
-- inputs: activations, chosen_probes, scalars
-- partitions: $model
-- shows: layer, component, threshold: zeroed_fraction, energy_lost
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: component text — of the module, as in tensors
-- column: threshold real — magnitude, the middle of a bin: known to 6 %
-- column: threshold_share real — the same over the rms of the site
-- column: zeroed_fraction real fraction — values of this magnitude or less
-- column: energy_lost real fraction — of Σa² that they carry

with bins as (
    select
        a.model, a.revision, p.probe_set, a.parameter_set, a.module,
        a.stack, a.layer, a.component, a.rms,
        unnest(list_transform(a."values", lambda v: abs(v)::double)) as size,
        unnest(a.counts) as n,
    from activations as a
    join chosen_probes($model, $revision, $probe_set) as p
        using (model, revision, parameter_set)
    where a.model = $model
        and a.site = $site
        and is_asked(a.component, $component)
        and is_asked(a.layer, $layer)
),
sizes as (
    select
        model, revision, probe_set, parameter_set, module, stack, layer, component,
        rms, size, sum(n) as n,
    from bins
    group by all
)
select
    model, revision, probe_set, stack, layer, component,
    size as threshold,
    ratio(size, rms) as threshold_share,
    ratio(sum(n) over below, sum(n) over whole) as zeroed_fraction,
    ratio(sum(n * size * size) over below, sum(n * size * size) over whole)
        as energy_lost,
from sizes
window
    whole as (partition by probe_set, parameter_set, module, component),
    below as (partition by probe_set, parameter_set, module, component order by size)
order by probe_set, parameter_set, stack, layer, component, module, size
