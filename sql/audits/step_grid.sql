-- question: Which steps are missing, and which are there twice?
-- grain: one row per finding
-- param: series text from checkpoints.series — the training run
-- inputs: checkpoints
-- column: series text — training run
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: tensor text — tensor, where it is about one
-- column: shard text — file, where it is about one
-- column: finding text — what was found, in a word
-- column: severity text — serious, warning or low
-- column: evidence text — the numbers behind it

with grid as (
    select
        series, step,
        min(model) as model,
        min(revision) as revision,
        count(*) as n,
        string_agg(revision, ', ' order by revision) as revisions,
    from checkpoints
    where series = $series and step is not null
    group by series, step
),
strides as (
    select
        *,
        lag(step) over (order by step) as before,
        step - lag(step) over (order by step) as stride,
        step / nullif(lag(step) over (order by step), 0) as growth,
    from grid
),
around as (
    select
        *,
        lag(stride) over (order by step) as stride_before,
        lag(stride, 2) over (order by step) as stride_earlier,
        lead(stride) over (order by step) as stride_after,
        lag(growth) over (order by step) as growth_before,
        lead(growth) over (order by step) as growth_after,
    from strides
),
judged as (
    select
        *,
        -- Longer than the strides on both sides, in steps or in powers.
        coalesce(stride >= 1.5 * greatest(stride_before, stride_after), false)
            and stride_before is not null and stride_after is not null
            or growth >= 1.5 * greatest(growth_before, growth_after)
                and growth_before is not null and growth_after is not null
            -- At an end, only an even grid shows that a step is missing.
            or stride_after is null and stride >= 1.9 * stride_before
                and stride_before = stride_earlier as is_gap,
    from around
)
select
    series, model, revision, step,
    null::varchar as tensor,
    null::varchar as shard,
    if(n > 1, 'repeated_step', 'missing_step') as finding,
    if(n > 1, 'serious', 'warning') as severity,
    if(
        n > 1,
        n || ' checkpoints claim this step: ' || revisions,
        'no checkpoint between steps ' || before || ' and ' || step || if(
            stride_before = stride_after and stride % stride_before = 0,
            ', expected every ' || stride_before, ''
        )
    ) as evidence,
from judged
where n > 1 or is_gap
