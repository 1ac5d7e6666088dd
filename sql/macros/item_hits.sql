-- question: Which items did a model get right, by each rule of a task?
-- inputs: task_items

-- One row per item and metric that has a value: 1 or 0 of the accuracies, Σ ln p of the
-- right continuation of `loglikelihood`. Of several runs the one of the most items.
create macro item_hits(model_name, revision_name) as table
with asked as (
    select model, revision, task, parameter_set, any_value(step) as step, count(*) as n,
    from task_items
    where model = model_name and (revision_name is null or revision = revision_name)
    group by model, revision, task, parameter_set
),
runs as (
    from asked
    qualify row_number() over (
        partition by model, task
        order by
            revision = 'main' desc, step desc nulls last, n desc, revision,
            parameter_set
    ) = 1
)
select
    i.model, i.revision, i.step, i.task, i.item, i.item_digest,
    coalesce(i.source, i.item_digest) as source,
    unnest([
        {metric: 'acc', value: if(
            i.kind = 'choice', (i.choice = i.gold)::integer, i.is_greedy::integer
        )},
        {metric: 'acc_norm', value: (i.choice_norm = i.gold)::integer},
        {metric: 'acc_bytes', value: (i.choice_bytes = i.gold)::integer},
        {metric: 'loglikelihood', value: i.loglikelihoods[coalesce(i.gold, 0) + 1]}
    ]::struct(metric varchar, "value" double)[], recursive := true),
from task_items as i
semi join runs using (model, revision, task, parameter_set)
where i.status = 'ok';
