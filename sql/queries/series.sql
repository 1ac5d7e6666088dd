-- question: How does a metric move from step to step of a training run?
-- grain: one row per tensor, view and step; the picture `series` draws it
-- param: metric text from tensor_metrics.metric — any of tensor_metrics
-- param: model text = null from checkpoints.model — only this training run
-- param: component text = null from tensors.component — only this component
-- param: layer integer = null in 0.. — only this layer
-- param: tensor text = null from tensors.tensor — only this tensor
-- param: parameter text = null from tensors.parameter — null: no biases, buffers
-- param: view text = null — null: whole tensors; else q, expert.3, offset.0.1, cols, …
-- inputs: metric_values, scalars
-- partitions: $model
-- shows: model, tensor, view, step: value
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: tensor text — full state-dict key
-- column: view text — the matrix view, null for statistics of entries
-- column: layer integer — 0-based block index, null outside blocks
-- column: component text — component of the tensor or of the view
-- column: metric text — name of the metric
-- column: value real — its value

select
    model,
    revision,
    step,
    tensor,
    view,
    layer,
    component,
    $metric as metric,
    value,
from metric_values($metric, $view)
where step is not null
    and is_asked(model, $model)
    and is_asked(component, $component)
    and is_asked(layer, $layer)
    and is_asked(tensor, $tensor)
    and (tensor = $tensor or is_parameter_asked(parameter, is_buffer, $parameter))
order by
    model, reading_place(model, '', stack, layer, position), layer, position, tensor,
    view, step, revision
