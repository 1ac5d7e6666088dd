-- question: Which metrics of weights rank models as their scores do?
-- grain: one row per kind of score, metric, aggregate and family; family null: all
-- param: scores file = task_scores — CSV or Parquet file with model, value; task,
--   metric, shots, revision, step where it has them; else the table task_scores
-- param: task text = null — only this task (or benchmark)
-- param: score text = null — only this metric of the file
-- param: shots text = null — only this word of the column shots
-- param: metric text = null from tensor_metrics.metric — only this metric of weights
-- param: component text = null from tensors.component — aggregate this component only
-- param: every_step boolean = false — every scored checkpoint, not each model's last
-- param: min_checkpoints integer = 5 — least checkpoints of a row
-- inputs: checkpoint_values, scored_checkpoints, rank_correlations, scalars
-- shows: task, score, family, metric, aggregate: spearman, q_value
-- column: task text — task of the score
-- column: shots text — setting of the score
-- column: score text — metric of the score
-- column: family text — family whose checkpoints are compared, null: all
-- column: metric text — metric of weights
-- column: aggregate text — mean, median or max over the tensors and views
-- column: n_checkpoints integer checkpoints — with score and metric
-- column: n_models integer models — that they are of
-- column: spearman real — correlation of the ranks
-- column: kendall real — tau-b, null above 1000 checkpoints
-- column: p_value real — of Spearman by Student's t; null where models are there more
--   than once: the steps of a run are not independent
-- column: q_value real — Benjamini-Hochberg over all rows that have a p

with scored as (
    from scored_checkpoints($scores)
    where is_asked(task, $task) and is_asked(score, $score) and is_asked(shots, $shots)
    qualify $every_step or row_number() over (
        partition by model, task, shots, score
        order by step desc nulls last, extracted_at desc, revision
    ) = 1
),
wide as (
    select model, revision, metric, avg(x) as mean, median(x) as median, max(x) as max,
    from checkpoint_values
    semi join scored using (model, revision)
    where is_asked(metric, $metric) and is_asked(component, $component)
    group by all
),
points as (
    select
        s.model, a.x, s.score_value as y,
        {
            task: s.task, shots: s.shots, score: s.score,
            family: f.family, metric: a.metric, aggregate: a.aggregate
        } as pair,
    from (unpivot wide on mean, median, max into name aggregate value x) as a
    join scored as s using (model, revision)
    cross join lateral (select unnest([null, s.family]) as family) as f
),
models as (
    select pair, count(distinct model) as n_models from points group by pair
),
found as (
    select
        unnest(pair),
        n as n_checkpoints, n_models, spearman, kendall,
        if(n = n_models, correlation_p(spearman, n), null) as p,
    from rank_correlations(points) join models using (pair)
    where n >= $min_checkpoints
    -- The rows of the only family would be those of all, once more.
    qualify pair.family is null or n < max(n) over (
        partition by pair.task, pair.shots, pair.score, pair.metric, pair.aggregate
    )
),
raised as (
    select *, p * count(p) over () / count(p) over (order by p) as more from found
)
select
    task, shots, score, family, metric, aggregate, n_checkpoints, n_models,
    spearman, kendall,
    p as p_value,
    if(p is null, null, least(1.0, min(more) over (order by p desc))) as q_value,
from raised
order by
    round(p, 9) nulls last, round(abs(spearman), 9) desc nulls last,
    task, shots, score, metric, aggregate, family nulls first
