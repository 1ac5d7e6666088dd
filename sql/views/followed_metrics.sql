-- question: Which metrics can be followed along a training run?
-- grain: one row per metric of a tensor, of its change since the step before, or logged
-- inputs: tensor_metrics, metrics, training
-- column: metric text — name of the metric
-- column: table_name text — table or view that it is looked for in first

select metric, table_name
from tensor_metrics
union all
select metric, 'step_changes' as table_name
from metrics
where table_name = 'tensor_changes'
    and metric not in (select metric from tensor_metrics)
union all
select distinct metric, 'training' as table_name
from training
where metric not in (select metric from tensor_metrics)
    and metric not in (
        select metric from metrics where table_name = 'tensor_changes'
    )
