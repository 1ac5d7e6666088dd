-- question: Which values of a metric meet when checkpoints are compared with another?
-- inputs: metric_values, chosen_checkpoints

-- One row per pair of checkpoints and tensor, or role, that both have.
-- across 'steps': steps of one model, b after a; against 'previous', 'first' or 'last'.
-- across 'models': two models at the same step, or, where one has none, in the revision
-- meant when none is named; tensors are matched by role, and equal roles averaged.
create macro paired_metrics(metric_name, view_name, across, against) as table
with found as (
    select
        model, revision, step, component, parameter, is_buffer,
        if(
            across = 'models' and component <> 'other',
            concat_ws(' ', stack, layer, component, parameter, expert, view),
            concat_ws(' ', tensor, view)
        ) as name,
        avg(value) as value,
    from metric_values(metric_name, view_name)
    group by all
),
seen as (
    select
        f.model, f.revision, f.step, usual.model is not null as is_usual,
        row_number() over steps as place,
        count(*) over (partition by f.model) as n_places,
    from (select distinct model, revision, step from found) as f
    left join chosen_checkpoints(null, null) as usual using (model, revision)
    window steps as (partition by f.model order by f.step nulls first, f.revision)
),
pairs as (
    select
        a.model as model_a, a.revision as revision_a, a.step as step_a,
        b.model as model_b, b.revision as revision_b, b.step as step_b,
    from seen as a
    join seen as b on if(
        across = 'models',
        a.model < b.model and coalesce(a.step = b.step, a.is_usual and b.is_usual),
        a.model = b.model and a.step < b.step and case against
            when 'previous' then b.place = a.place + 1
            when 'first' then a.place = 1
            else b.place = b.n_places
        end
    )
)
select
    p.*, a.name, a.component, a.parameter, a.is_buffer,
    a.value as value_a, b.value as value_b,
from pairs as p
join found as a on a.model = p.model_a and a.revision = p.revision_a
join found as b
    on b.model = p.model_b
    and b.revision = p.revision_b
    and b.name = a.name;
