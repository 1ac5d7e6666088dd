-- question: Which values of metrics may be averaged into one of their checkpoint?
-- grain: one row per weight of two or more dimensions, view and metric with a value
-- inputs: series, tensors
-- column: table_name text — table that holds the metric
-- column: x real — value of the metric

-- Aliases show their originals' values, as they act more than once; kernel offsets are
-- parts of what is there whole.
select
    s.model,
    s.revision,
    s.component,
    s.table_name,
    s.view,
    s.metric,
    s.value as x,
from series as s
semi join tensors as t
    on t.model = s.model
    and t.revision = s.revision
    and t.tensor = s.tensor
    and t.n_cols is not null
    and not t.is_buffer
    and t.parameter not like '%bias%'
where s.table_name in (
        'tensor_stats', 'spectra', 'tail_fits', 'randomised', 'channels'
    )
    and coalesce(s.view, '') not like 'offset.%'
