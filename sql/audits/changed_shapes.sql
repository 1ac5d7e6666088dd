-- question: Which tensors change dtype or shape, appear or vanish midway?
-- grain: one row per finding
-- param: series text from checkpoints.series — the training run
-- inputs: series_tensors
-- column: series text — training run
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: tensor text — tensor, where it is about one
-- column: shard text — file, where it is about one
-- column: finding text — what was found, in a word
-- column: severity text — serious, warning or low
-- column: evidence text — the numbers behind it

with checkpoint as (
    select distinct series, model, revision, step, place
    from series_tensors
    where series = $series
),
expected as (
    select
        tensor,
        min(place) as first_place,
        count(distinct place) as n_places,
    from series_tensors
    where series = $series
    group by tensor
),
absent as (
    select c.*, e.tensor, e.first_place, e.n_places
    from checkpoint as c
    cross join expected as e
    anti join series_tensors as t
        on t.series = c.series and t.revision = c.revision and t.tensor = e.tensor
)
select
    series, model, revision, step, tensor, shard,
    if(dtype <> dtype_before, 'changed_dtype', 'changed_shape') as finding,
    'serious' as severity,
    dtype_before || ' ' || shape_before || ' became ' || dtype || ' ' || shape
        as evidence,
from series_tensors
where series = $series and (dtype <> dtype_before or shape <> shape_before)
union all
select
    series, model, revision, step, tensor,
    null as shard,
    'absent_tensor' as finding,
    'warning' as severity,
    'there at ' || n_places || ' other steps' as evidence,
from absent
