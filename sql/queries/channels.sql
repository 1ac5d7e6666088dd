-- question: How are the rows and columns of a tensor scaled, and which are outliers?
-- grain: one row per side and channel, in order; the picture `channels` draws it
-- param: model text from checkpoints.model — the model
-- param: tensor text from tensors.tensor — its tensor
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: side text = null — rows or cols; null: both
-- inputs: sides, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, side, channel: norm, over_median, is_outlier
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: side text — rows or cols of the tensor as stored
-- column: channel integer — 0-based row or column
-- column: norm real — its Euclidean norm
-- column: over_median real ratio — the same over the side's median
-- column: is_outlier boolean — among the first 64 with a weight of six σ or more

with listed as (
    select
        model, revision, tensor, side, norm_median, outlier_channels,
        unnest(norms)::double as norm,
        generate_subscripts(norms, 1) - 1 as channel,
    from sides
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model
        and tensor = $tensor
        and is_asked(side, $side)
)
select
    model,
    revision,
    tensor,
    side,
    channel,
    norm,
    ratio(norm, norm_median) as over_median,
    list_contains(outlier_channels, channel) as is_outlier,
from listed
order by side desc, channel
