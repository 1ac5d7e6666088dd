-- question: Where do a few activations dwarf all others?
-- grain: one row per site with massive activations or outlier dimensions
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: activations, chosen_probes
-- partitions: $model
-- shows: model, revision, probe_set, layer, site: massive_ratio, n_massive, n_outliers
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: site text — which tensor of the block
-- column: component text — whose it is
-- column: abs_max real — largest magnitude
-- column: abs_median real — median magnitude
-- column: massive_ratio real — the one over the other
-- column: n_massive integer dimensions — above 100 and 1000 times the median
-- column: massive_dimensions list of integer — those dimensions, the largest first
-- column: n_outliers integer dimensions — rms over 6 times the median dimension's
-- column: outlier_dimensions list of integer — those dimensions, the largest first

select
    a.model,
    a.revision,
    p.probe_set,
    a.stack,
    a.layer,
    a.site,
    a.component,
    a.abs_max,
    a.abs_median,
    a.massive_ratio,
    a.n_massive,
    a.massive_dimensions,
    a.n_outliers,
    a.outlier_dimensions,
from activations as a
join chosen_probes($model, $revision, $probe_set) as p
    using (model, revision, parameter_set)
where a.model = $model
    and a.same_as is null
    and (a.n_massive > 0 or a.n_outliers > 0)
order by a.massive_ratio desc nulls last, a.stack, a.layer, a.module, a.site
