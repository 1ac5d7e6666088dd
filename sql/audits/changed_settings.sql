-- question: Where does the config, the vocabulary or the family change midway?
-- grain: one row per finding
-- param: series text from checkpoints.series — the training run
-- inputs: checkpoints
-- column: series text — training run
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: tensor text — tensor, where it is about one
-- column: shard text — file, where it is about one
-- column: finding text — what was found, in a word
-- column: severity text — serious, warning or low
-- column: evidence text — the numbers behind it

with following as (
    select
        *,
        lag(config) over steps as config_before,
        lag(vocabulary_size) over steps as vocabulary_before,
        lag(family) over steps as family_before,
        lag(n_layers) over steps as n_layers_before,
    from checkpoints
    where series = $series and step is not null
    window steps as (order by step, revision)
),
judged as (
    select
        *,
        vocabulary_size <> vocabulary_before
            or n_layers <> n_layers_before
            or family <> family_before as is_other_model,
        list_filter(
            list_distinct(json_keys(config) || json_keys(config_before)),
            lambda key: (config::json -> key) is distinct from (
                config_before::json -> key
            ) and key not in (
                'transformers_version', '_name_or_path', 'architectures', 'torch_dtype'
            )
        ) as changed_keys,
    from following
    where config_before is not null
)
select
    series, model, revision, step,
    null::varchar as tensor,
    null::varchar as shard,
    if(is_other_model, 'changed_model', 'changed_config') as finding,
    if(is_other_model, 'serious', 'low') as severity,
    if(
        is_other_model,
        'vocabulary ' || coalesce(vocabulary_before::varchar, 'unknown') || ' → '
            || coalesce(vocabulary_size::varchar, 'unknown') || ', family '
            || family_before || ' → ' || family,
        'config keys ' || array_to_string(list_sort(changed_keys), ', ')
    ) as evidence,
from judged
where is_other_model or len(changed_keys) > 0
