-- question: Which matrices does each tensor hold, and what are their spectra?
-- grain: one row per tensor and matrix view; view none where a tensor has none
-- inputs: tensors, spectra, checkpoints
-- column: tensor_component text — component of the whole tensor

-- An alias has no spectrum of its own: it shows its original's under its own name and
-- component. Only a part of a fused tensor has a component of its own (q of a qkv).
select
    t.model,
    t.revision,
    t.step,
    t.tensor,
    m.view,
    t.stack,
    t.layer,
    t.depth,
    if(
        m.matrix_view in ('split', 'expert'),
        m.view_component,
        t.component
    ) as component,
    t.parameter,
    coalesce(t.expert, m.view_expert) as expert,
    t.position,
    t.dtype,
    t.alias_of,
    t.is_tied,
    t.is_buffer,
    t.component as tensor_component,
    m.* exclude (model, revision, step, tensor, view, view_component, view_expert),
    c.series,
    c.family,
    c.kind,
from tensors as t
join spectra as m
    on m.model = t.model
    and m.revision = t.revision
    and m.tensor = coalesce(t.alias_of, t.tensor)
left join checkpoints as c
    on c.model = t.model
    and c.revision = t.revision
