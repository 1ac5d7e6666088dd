-- question: How do the values of several tensors, or of one at several steps, lie?
-- grain: one row per tensor and bin, ascending; the picture `densities` draws it
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: tensor text = null from tensors.tensor — only this tensor
-- param: component text = null from tensors.component — only this component
-- param: layer integer = null in 0.. — only this layer
-- param: every integer = null in 1.. — of a training run: every n-th step and the last
-- param: bins integer = 80 in 1..10000 — bins, equally wide, shared by all
-- param: low real = null — lower end, null: the least 0.1 % quantile
-- param: high real = null — upper end, null: the largest 99.9 % quantile
-- inputs: value_lists, weights, checkpoints, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, step, tensor, bin_low: count, density
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: tensor text — full state-dict key
-- column: bin_low real — lower edge, included
-- column: bin_high real — upper edge, included in the last bin only
-- column: count integer elements — elements in the bin
-- column: density real — count / (finite elements × width), null without a width
-- column: law text — law of smallest AIC: normal, laplace, logistic or student_t
-- column: law_df real — degrees of freedom of a Student t
-- column: q25 real — first quartile of the finite values
-- column: median real — their median
-- column: q75 real — third quartile

with steps as (
    select
        model, revision, row_number() over (order by step) - 1 as place,
        step = max(step) over () as is_last,
    from checkpoints where model = $model and step is not null
),
asked as (
    select model, revision from chosen_checkpoints($model, $revision)
    where $every is null
    union all
    select model, revision from steps where place % $every = 0 or is_last
),
listed as (
    select w.*, v."values" as numbers, v.counts
    from weights as w
    join value_lists as v using (model, revision, tensor)
    semi join asked using (model, revision)
    where w.model = $model
        and is_asked(w.tensor, $tensor)
        and is_asked(w.component, $component)
        and is_asked(w.layer, $layer)
        and (w.tensor = $tensor or is_parameter_asked(w.parameter, w.is_buffer, null))
),
frame as (
    select
        coalesce($low, min(q001)) as low, coalesce($high, max(q999)) as high,
        (coalesce($high, max(q999)) - coalesce($low, min(q001))) / $bins as width,
    from listed
),
filled as (
    select
        model, revision, tensor, sum(n) as n,
        least(floor(coalesce(ratio(v - low, width), 0)), $bins - 1)::bigint as bin,
    from (select *, unnest(numbers)::double as v, unnest(counts) as n from listed)
    cross join frame
    where v between low and high
    group by all
)
select
    model, revision, step, tensor,
    low + bin * width as bin_low,
    if(bin = $bins - 1, high, low + (bin + 1) * width) as bin_high,
    coalesce(n, 0)::bigint as count,
    ratio(coalesce(n, 0), n_finite * width) as density,
    best_fit as law,
    student_t_df as law_df,
    q250 as q25,
    median,
    q750 as q75,
from listed
cross join (select *, unnest(range(if(width > 0, $bins, 1))) as bin from frame)
left join filled using (model, revision, tensor, bin)
order by step nulls first, revision, layer nulls first, position, tensor, bin
