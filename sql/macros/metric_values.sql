-- question: What is the value of any one scalar metric, wherever it is kept?
-- inputs: weights, matrices, matrix_evidence, sides, metrics, behaviour_values

-- One row per tensor and view that has a value. A metric is looked for in tensor_stats,
-- then spectra, then its evidence, then channels. view_name null means: whole tensors;
-- every matrix but kernel offsets; rows of channels. Else it is a view of spectra, or
-- rows or cols. What a model does is asked as activations.rms (behaviour_values).
-- `columns(…)` opens only the one column of the Parquet files.
create macro metric_home(metric_name, view_name) as if(
    metric_name like '%.%',
    nullif(split_part(metric_name, '.', 1), ''),
    (select first(table_name order by position)
    from metrics
    where metric = metric_name
        and table_name in (
            'tensor_stats', 'spectra', 'tail_fits', 'randomised', 'channels'
        )
        and (view_name is null or table_name <> 'tensor_stats')
        and ((view_name in ('rows', 'cols')) is not true or table_name = 'channels'))
);

create macro metric_values(metric_name, view_name) as table
with of_tensors as (
    select
        model, revision, step, tensor, null as view,
        stack, layer, depth, component, parameter, expert, position, is_buffer,
        coalesce(*columns(lambda c: c = metric_name or c = 'nothing'))::double as value,
    from (select *, null as nothing from weights)
    where metric_home(metric_name, view_name) = 'tensor_stats'
),
of_matrices as (
    select
        model, revision, step, tensor, view,
        stack, layer, depth, component, parameter, expert, position, is_buffer,
        coalesce(*columns(lambda c: c = metric_name or c = 'nothing'))::double as value,
    from (select *, null as nothing from matrices)
    where metric_home(metric_name, view_name) = 'spectra'
        and coalesce(view = view_name, matrix_view <> 'kernel_offset')
),
of_evidence as (
    select
        model, revision, step, tensor, view,
        stack, layer, depth, component, parameter, expert, position, is_buffer,
        coalesce(*columns(lambda c: c = metric_name or c = 'nothing'))::double as value,
    from (select *, null as nothing from matrix_evidence)
    where metric_home(metric_name, view_name) in ('tail_fits', 'randomised')
        and coalesce(view = view_name, matrix_view <> 'kernel_offset')
),
of_channels as (
    select
        model, revision, step, tensor, side as view,
        stack, layer, depth, component, parameter, expert, position, is_buffer,
        coalesce(*columns(lambda c: c = metric_name or c = 'nothing'))::double as value,
    from (select *, null as nothing from sides)
    where metric_home(metric_name, view_name) = 'channels'
        and side = coalesce(view_name, 'rows')
)
select * from of_tensors where value is not null
union all by name
select * from of_matrices where value is not null
union all by name
select * from of_evidence where value is not null
union all by name
select * from of_channels where value is not null
union all by name
select * from behaviour_values(metric_name, view_name);
