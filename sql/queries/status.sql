-- question: What is in the warehouse, and how fresh is it?
-- grain: one row per model and revision, by model and step
-- param: model text = null — only this model, measured or not
-- inputs: checkpoints, tensors, tensor_stats, value_counts, channels, spectra,
--   training_log, extractions, scalars
-- partitions: $model
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: n_checkpoints integer rows — in checkpoints: 0 where none was measured
-- column: n_tensors integer rows — in tensors
-- column: n_tensor_stats integer rows — in tensor_stats
-- column: n_value_counts integer rows — in value_counts
-- column: n_channels integer rows — in channels
-- column: n_spectra integer rows — in spectra
-- column: n_training_log integer rows — in training_log
-- column: n_extractions integer rows — in extractions
-- column: extracted_at timestamp UTC — when it was last written

with counted as (
    select 'checkpoints' as source, model, revision, step, extracted_at
    from checkpoints
    union all
    select 'tensors', model, revision, step, null from tensors
    union all
    select 'tensor_stats', model, revision, step, null from tensor_stats
    union all
    select 'value_counts', model, revision, step, null from value_counts
    union all
    select 'channels', model, revision, step, null from channels
    union all
    select 'spectra', model, revision, step, null from spectra
    union all
    -- The step of a log is the logged one, not the checkpoint's.
    select 'training_log', model, revision, null, null from training_log
    union all
    select 'extractions', model, revision, step, null from extractions
)
select
    model,
    revision,
    max(step) as step,
    count(*) filter (source = 'checkpoints') as n_checkpoints,
    count(*) filter (source = 'tensors') as n_tensors,
    count(*) filter (source = 'tensor_stats') as n_tensor_stats,
    count(*) filter (source = 'value_counts') as n_value_counts,
    count(*) filter (source = 'channels') as n_channels,
    count(*) filter (source = 'spectra') as n_spectra,
    count(*) filter (source = 'training_log') as n_training_log,
    count(*) filter (source = 'extractions') as n_extractions,
    max(extracted_at) as extracted_at,
from counted
where is_asked(model, $model)
group by model, revision
order by model, step nulls first, revision
