-- question: Where do a model's parameters and bytes lie?
-- grain: one row per model, component and dtype, the most bytes first
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- inputs: tensors, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, component, dtype: n_parameters, n_bytes, bytes_fraction
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: component text — q, k, v, o, up, gate, down, norm, … or other
-- column: dtype text — safetensors code of the element type
-- column: n_tensors integer tensors — tensors
-- column: n_elements integer elements — elements
-- column: n_parameters integer elements — of weights: no buffer, a tied one once
-- column: n_bytes integer bytes — stored bytes
-- column: bytes_fraction real fraction — of the checkpoint's bytes

select
    model,
    revision,
    component,
    dtype,
    count(*) as n_tensors,
    sum(n_elements)::bigint as n_elements,
    coalesce(
        sum(n_elements) filter (
            not is_tied and not is_buffer and status not in ('side', 'skipped')
        ),
        0
    )::bigint as n_parameters,
    sum(n_bytes)::bigint as n_bytes,
    ratio(sum(n_bytes), sum(sum(n_bytes)) over (partition by model, revision))
        as bytes_fraction,
from tensors
semi join chosen_checkpoints($model, $revision) using (model, revision)
where is_asked(model, $model)
group by model, revision, component, dtype
order by model, revision, n_bytes desc, component, dtype
