-- question: Which tensors does a model hold, and what are they like?
-- grain: one row per tensor, in file order
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: layer integer = null in 0.. — only this layer
-- param: component text = null from tensors.component — only this component
-- inputs: weights, chosen_checkpoints, scalars
-- partitions: $model
-- shows: tensor: shape, status, mean, std, abs_max, zero_fraction
-- column: tensor text — full state-dict key
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — q, k, v, o, up, gate, down, norm, … or other
-- column: parameter text — weight, bias, …
-- column: dtype text — safetensors code of the element type
-- column: shape text — sizes as stored, joined by ×
-- column: n_elements integer elements — elements
-- column: status text — ok, aliased, skipped or failed
-- column: note text — the reason, or the original that it repeats
-- column: mean real — mean of the finite values
-- column: std real — their standard deviation
-- column: abs_max real — largest magnitude
-- column: kurtosis real — excess kurtosis
-- column: zero_fraction real fraction — elements equal to zero
-- column: n_non_finite integer elements — NaN and Inf

select
    tensor,
    layer,
    component,
    parameter,
    dtype,
    shape,
    n_elements,
    status,
    coalesce(reason, 'is ' || alias_of) as note,
    mean,
    std,
    abs_max,
    kurtosis,
    zero_fraction,
    n_nan + n_pos_inf + n_neg_inf as n_non_finite,
from weights
semi join chosen_checkpoints($model, $revision) using (model, revision)
where model = $model
    and is_asked(layer, $layer)
    and is_asked(component, $component)
order by reading_place(model, revision, stack, layer, position), layer, position
