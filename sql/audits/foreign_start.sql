-- question: Is the first checkpoint another initialisation than the next one's?
-- grain: one row per finding
-- param: series text from checkpoints.series — the training run
-- inputs: series_tensors, related_steps
-- column: series text — training run
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: tensor text — tensor, where it is about one
-- column: shard text — file, where it is about one
-- column: finding text — what was found, in a word
-- column: severity text — serious, warning or low
-- column: evidence text — the numbers behind it

-- Two draws of one initialisation differ in mean and norm by about a standard error of
-- n entries each, and in their extremes. Training moves the mean by far less than that
-- as long as the norm stays, and moves the norm by far more once it has moved at all.
-- Where entries were sampled, they have the last word.
with started as (
    select
        series, model, revision, tensor, place, n_elements,
        abs(mean - mean_before) / std_before * sqrt(n_elements / 2) as mean_errors,
        abs(ln(norm) - ln(norm_before)) * sqrt(n_elements) as norm_errors,
        abs(abs_max - abs_max_before) / std_before as extreme_sigmas,
    from series_tensors
    where series = $series
        and place = 1
        and digest <> digest_before
        and n_elements >= 256
        and zero_fraction < 0.5 and zero_fraction_before < 0.5
        and n_nan + n_inf = 0
        and norm > 0 and norm_before > 0 and std_before > 0
        -- Normal and uniform draws; a norm's ones are no draw.
        and abs(mean_before) < 0.1 * std_before
),
judged as (
    select
        series, model,
        count(*) as n_tensors,
        median(mean_errors) as mean_errors,
        median(norm_errors) as norm_errors,
        median(extreme_sigmas) as extreme_sigmas,
    from started
    group by series, model
    having count(*) >= 4
),
firsts as (
    select distinct series, model, revision, step
    from series_tensors
    where series = $series and place = 0
),
compared as (
    select
        s.*, f.model as model_before, f.revision as revision_before,
    from started as s
    join firsts as f using (model)
)
select
    j.series, j.model, s.revision, s.step,
    null::varchar as tensor,
    null::varchar as shard,
    'foreign_start' as finding,
    'serious' as severity,
    'the next step does not descend from it: ' || j.n_tensors
        || ' tensors differ as two draws of one initialisation do, means by '
        || round(j.mean_errors, 1) || ' and norms by ' || round(j.norm_errors, 1)
        || ' standard errors' as evidence,
from judged as j
join firsts as s using (model)
left join related_steps(compared) as k on true
-- The median of |N(0, 1)| is 0.67.
where j.mean_errors between 0.3 and 1.4
    and j.norm_errors between 0.3 and 1.4
    and j.extreme_sigmas >= 0.02
    and coalesce(k.related_fraction, 0) < 0.1
