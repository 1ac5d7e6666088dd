-- question: How many rows have stages of other packages written of a checkpoint?
-- grain: one row per model and revision with rows in a table that is not ours
-- inputs: keys
-- column: n_others integer rows — in all of those tables
-- column: others text — those tables, with the rows in each

with counted as (
    select model, revision, table_name, count(*) as n_rows
    from keys
    where table_name not in (
        'checkpoints', 'tensors', 'tensor_stats', 'value_counts', 'channels',
        'spectra', 'tail_fits', 'randomised', 'sketches', 'adapters', 'heads',
        'circuits', 'vocabularies', 'embeddings', 'tensor_changes',
        'head_changes', 'probe_sets', 'probe_documents', 'activations',
        'neurons', 'position_activations', 'token_activations',
        'block_activations', 'similarities', 'expert_activations',
        'attention_heads', 'attention_maps', 'sensitivities', 'head_sensitivities',
        'critical_weights', 'perturbations', 'task_items', 'task_scores',
        'training_log', 'extractions', 'nulls'
    )
    group by model, revision, table_name
)
select
    model,
    revision,
    sum(n_rows)::bigint as n_others,
    string_agg(table_name || ': ' || n_rows, ', ' order by table_name) as others,
from counted
group by model, revision
