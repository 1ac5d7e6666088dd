-- question: What is each scalar metric of each tensor and view, as one long table?
-- grain: one row per tensor, view and metric with a value; view null for entries
-- inputs: numbers, metrics, tensors, checkpoints, spectra
-- column: series text — training run that the checkpoint is a step of
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: tensor text — full state-dict key
-- column: view text — null: the entries; a view of spectra; rows or cols of channels; …
-- column: stack text — encoder, decoder, vision, … or null
-- column: layer integer — 0-based block index, null outside blocks
-- column: depth real — layer / (n_layers - 1)
-- column: component text — component of the tensor or of the view
-- column: parameter text — weight, bias, …
-- column: table_name text — table that declares the metric
-- column: metric text — name of the metric, as in the table metrics
-- column: value real — its value

-- `numbers` has them as they were stored. Here an alias shows its original's under its
-- own name, and a part of a fused tensor (q of a qkv) its own component.
select
    c.series,
    t.model,
    t.revision,
    t.step,
    t.tensor,
    n.rest as view,
    t.stack,
    t.layer,
    t.depth,
    coalesce(part.view_component, t.component) as component,
    t.parameter,
    n.table_name,
    n.column_name as metric,
    n.value,
from numbers as n
semi join metrics as m
    on m.table_name = n.table_name
    and m.metric = n.column_name
join tensors as t
    on t.model = n.model
    and t.revision = n.revision
    and coalesce(t.alias_of, t.tensor) = n.tensor
left join (from spectra where matrix_view in ('split', 'expert')) as part
    on n.table_name in ('spectra', 'tail_fits', 'randomised')
    and part.model = n.model
    and part.revision = n.revision
    and part.tensor = n.tensor
    and part.view = n.rest
left join checkpoints as c
    on c.model = t.model
    and c.revision = t.revision
