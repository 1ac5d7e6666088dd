-- question: What shape has the distribution of every tensor's values?
-- grain: one row per checkpoint and tensor with counted values, by model and step
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — only this checkpoint
-- param: most integer = null in 2.. — only so many checkpoints of a model, evenly taken
-- param: bins integer = 32 in 1..10000 — how many bins of equal width
-- param: reach real = 4 in 0.. — how many σ from the mean the bins go, at most
-- inputs: weights, value_lists, even_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor: low, high, n_outside
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: low real — lower end of the bins, one for all checkpoints of the model
-- column: high real — upper end of the bins
-- column: counts list of integer elements — elements in each bin
-- column: n_outside integer elements — finite elements beyond both ends

-- One frame per tensor of a model, so that its checkpoints can be compared by eye.
with frames as (
    select
        model, tensor,
        min(greatest(min, mean - $reach * std)) as low,
        max(least(max, mean + $reach * std)) as high,
    from weights
    semi join even_checkpoints($most) using (model, revision)
    where n_finite > 0
        and is_asked(model, $model)
        and is_asked(revision, $revision)
    group by all
),
points as (
    select
        model, revision, step, tensor,
        unnest("values")::double as v,
        unnest(counts) as n,
    from value_lists
    semi join even_checkpoints($most) using (model, revision)
    where is_asked(model, $model) and is_asked(revision, $revision)
),
binned as (
    select
        p.model, p.revision, p.step, p.tensor, f.low, f.high,
        case
            when v between low and high then least(
                floor(coalesce(ratio(v - low, high - low), 0) * $bins), $bins - 1
            )::bigint
        end as bin,
        sum(n) as n,
    from points as p
    join frames as f
        on f.model = p.model and f.tensor = p.tensor
    group by all
)
select
    model,
    revision,
    tensor,
    low,
    high,
    list_transform(
        range(if(high > low, $bins, 1)),
        lambda b: coalesce(
            map_from_entries(list({k: bin, v: n}) filter (bin is not null))[b], 0
        )::bigint
    ) as counts,
    coalesce(sum(n) filter (bin is null), 0)::bigint as n_outside,
from binned
group by model, revision, step, tensor, low, high
order by model, step nulls first, revision, tensor
