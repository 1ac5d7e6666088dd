-- question: What is in the warehouse, and how fresh is it?
-- grain: one row per model and revision, by model and step
-- param: model text = null — only this model, measured or not
-- inputs: checkpoints, keys, foreign_rows, scalars
-- partitions: $model
-- shows: model, revision: n_tensors, n_extractions, extracted_at
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label; null: logs of the whole series
-- column: step integer steps — optimiser step, null outside a series
-- column: n_checkpoints integer rows — in checkpoints: 0 where none was measured
-- column: n_tensors integer rows — in tensors
-- column: n_tensor_stats integer rows — in tensor_stats
-- column: n_value_counts integer rows — in value_counts
-- column: n_channels integer rows — in channels
-- column: n_spectra integer rows — in spectra
-- column: n_tail_fits integer rows — in tail_fits
-- column: n_randomised integer rows — in randomised
-- column: n_sketches integer rows — in sketches
-- column: n_adapters integer rows — in adapters
-- column: n_heads integer rows — in heads
-- column: n_circuits integer rows — in circuits
-- column: n_vocabularies integer rows — in vocabularies
-- column: n_embeddings integer rows — in embeddings
-- column: n_tensor_changes integer rows — in tensor_changes
-- column: n_head_changes integer rows — in head_changes
-- column: n_behaviour integer rows — in the tables of runs on probe sets and tasks
-- column: n_training_log integer rows — in training_log
-- column: n_extractions integer rows — in extractions
-- column: n_others integer rows — in the tables of stages from elsewhere
-- column: others text — those tables, with the rows in each
-- column: extracted_at timestamp UTC — when it was last written

with counted as (
    select model, revision, table_name, count(*) as n_rows
    from keys
    where table_name <> 'nulls'
    group by model, revision, table_name
),
gathered as (
    select
        model,
        revision,
        map_from_entries(list((table_name, n_rows))) as n_in,
    from counted
    group by model, revision
)
select
    model,
    nullif(revision, '__series__') as revision,
    step,
    coalesce(n_in['checkpoints'], 0) as n_checkpoints,
    coalesce(n_in['tensors'], 0) as n_tensors,
    coalesce(n_in['tensor_stats'], 0) as n_tensor_stats,
    coalesce(n_in['value_counts'], 0) as n_value_counts,
    coalesce(n_in['channels'], 0) as n_channels,
    coalesce(n_in['spectra'], 0) as n_spectra,
    coalesce(n_in['tail_fits'], 0) as n_tail_fits,
    coalesce(n_in['randomised'], 0) as n_randomised,
    coalesce(n_in['sketches'], 0) as n_sketches,
    coalesce(n_in['adapters'], 0) as n_adapters,
    coalesce(n_in['heads'], 0) as n_heads,
    coalesce(n_in['circuits'], 0) as n_circuits,
    coalesce(n_in['vocabularies'], 0) as n_vocabularies,
    coalesce(n_in['embeddings'], 0) as n_embeddings,
    coalesce(n_in['tensor_changes'], 0) as n_tensor_changes,
    coalesce(n_in['head_changes'], 0) as n_head_changes,
    list_sum(list_transform(['probe_sets', 'probe_documents', 'activations',
        'neurons', 'similarities', 'position_activations', 'token_activations',
        'block_activations', 'expert_activations', 'attention_heads', 'attention_maps',
        'sensitivities', 'head_sensitivities', 'critical_weights', 'perturbations',
        'task_items', 'task_scores',
    ], lambda name: coalesce(n_in[name], 0)))::bigint as n_behaviour,
    coalesce(n_in['training_log'], 0) as n_training_log,
    coalesce(n_in['extractions'], 0) as n_extractions,
    coalesce(n_others, 0) as n_others, others, extracted_at,
from gathered
left join foreign_rows using (model, revision)
left join checkpoints using (model, revision)
where is_asked(model, $model)
order by model, step nulls first, revision
