-- question: Which of two models does a task better, item by item?
-- grain: one row per task and metric that both have items of
-- param: model_a text from task_items.model — the one model
-- param: model_b text from task_items.model — the other
-- param: revision_a text = null from task_items.revision — null: main, else the last
-- param: revision_b text = null from task_items.revision — of the other
-- param: task text = null from task_items.task — only this task
-- param: draws integer = 2000 in 1..100000 — resamples of sources, and flips of signs
-- param: seed integer = 0 — of all that is drawn
-- inputs: item_hits, paired_means, scalars
-- shows: task, metric: n_items, difference, ci_low, ci_high, p_value
-- column: task text — name of the task
-- column: metric text — acc, acc_norm, acc_bytes; loglikelihood of what is right
-- column: revision_a text — of the one
-- column: revision_b text — of the other
-- column: n_items integer items — that both were asked, with a score of both
-- column: n_sources integer — what they were made from: these are resampled
-- column: n_gained integer items — right in the other alone
-- column: n_lost integer items — right in the one alone
-- column: value_a real — mean of the one
-- column: value_b real — mean of the other
-- column: difference real — of the means: above 0 where the other is better
-- column: ci_low real — lower end of its 95 % interval: items resampled in pairs
-- column: ci_high real — upper end
-- column: p_value real — exact McNemar of accuracies; of loglikelihood by random signs
-- column: q_value real — Benjamini-Hochberg over all rows

with pairs as (
    select
        {
            task: a.task, metric: a.metric, revision_a: a.revision,
            revision_b: b.revision
        } as pair,
        a.source, a.value as x, b.value as y,
    from item_hits($model_a, $revision_a) as a
    join item_hits($model_b, $revision_b) as b using (task, metric, item_digest)
    where a.value is not null and b.value is not null and is_asked(a.task, $task)
    qualify row_number() over (
        partition by a.task, a.metric, a.item_digest order by a.item, b.item
    ) = 1
),
found as (
    select
        unnest(pair), * exclude (pair),
        if(pair.metric = 'loglikelihood', sign_p, mcnemar_p) as p,
    from paired_means(pairs, $draws, $seed)
),
raised as (
    select *, p * count(p) over () / count(p) over (order by p) as more from found
)
select
    task, metric, revision_a, revision_b, n_items, n_sources,
    if(metric = 'loglikelihood', null, n_gained) as n_gained,
    if(metric = 'loglikelihood', null, n_lost) as n_lost,
    x_mean as value_a,
    y_mean as value_b,
    y_mean - x_mean as difference,
    ci_low, ci_high,
    p as p_value,
    least(1.0, min(more) over (order by p desc)) as q_value,
from raised
order by task, metric
