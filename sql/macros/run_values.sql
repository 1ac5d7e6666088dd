-- question: What is the value of a metric at each step of a run, wherever it is kept?
-- inputs: metric_values, step_changes, training

-- One row per model, step, tensor and view that has a value. A metric that
-- tensor_stats, spectra or channels lack is looked for in step_changes, what changed
-- since the step before, and in what training logged; there the tensor is null.
create macro run_values(metric_name, view_name) as table
with of_tensors as (
    select
        model, revision, step, tensor, view, layer, component, parameter, position,
        is_buffer, value,
    from metric_values(metric_name, view_name)
    where step is not null
),
of_changes as (
    select
        model, revision, step, tensor, null as view, layer, component, parameter,
        null as position, false as is_buffer,
        coalesce(*columns(lambda c: c = metric_name or c = 'nothing'))::double as value,
    from (select *, null as nothing from step_changes)
    where metric_home(metric_name, view_name) is null
        and view_name is null
),
of_training as (
    select
        model, null as revision, step, null as tensor, null as view, null as layer,
        null as component, '' as parameter, null as position, false as is_buffer,
        value,
    from training
    where metric = metric_name and view_name is null
)
select * from of_tensors
union all by name
select * from of_changes where value is not null
union all by name
select * from of_training where value is not null;

-- One series as run_breaks and run_events take it; an aggregate over its rows.
create macro as_series(model_name, metric_name, tensor_name, view_name, at_step, x) as {
    model: model_name,
    metric: metric_name,
    member: tensor_name || coalesce(' ' || view_name, ''),
    steps: list(at_step order by at_step),
    series: list(x order by at_step)
};

-- Where a size of change jumps it does so for one step; where a level jumps it stays.
create macro is_size_of_change(metric_name) as metric_name in (
    'relative_change', 'abs_max_change', 'change_norm', 'change_spectral_norm'
);
