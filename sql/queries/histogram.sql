-- question: Which values does a tensor hold, and how often?
-- grain: one row per bin of equal width, ascending; the picture `histogram` draws it
-- param: model text from checkpoints.model — the model
-- param: tensor text from tensors.tensor — its tensor
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: bins integer = 60 in 1..10000 — how many bins
-- param: low real = null — lower end, null: the smallest value
-- param: high real = null — upper end, null: the largest value
-- inputs: value_lists, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, bin_low, bin_high: count, density
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: bin_low real — lower edge, included
-- column: bin_high real — upper edge, included in the last bin only
-- column: count integer elements — elements in the bin
-- column: density real — count / (finite elements × width), null without a width

with points as (
    select
        model, revision, tensor,
        unnest("values")::double as v,
        unnest(counts) as n,
    from value_lists
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model and tensor = $tensor
),
frame as (
    select
        model, revision, tensor,
        sum(n) as n_finite,
        coalesce($low, min(v)) as low,
        coalesce($high, max(v)) as high,
        (coalesce($high, max(v)) - coalesce($low, min(v))) / $bins as width,
    from points
    group by all
),
bins as (
    select *, unnest(range(if(width > 0, $bins, 1))) as bin
    from frame
),
filled as (
    select
        least(floor(coalesce(ratio(v - low, width), 0)), $bins - 1)::bigint as bin,
        sum(n) as n,
    from points cross join (select low, high, width from frame)
    where v between low and high
    group by bin
)
select
    model,
    revision,
    tensor,
    low + bin * width as bin_low,
    if(bin = $bins - 1, high, low + (bin + 1) * width) as bin_high,
    coalesce(n, 0)::bigint as count,
    ratio(coalesce(n, 0), n_finite * width) as density,
from bins
left join filled using (bin)
order by bin
