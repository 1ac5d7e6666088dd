-- question: Is a norm a whole fraction of the model's width, as one rank's part is?
-- grain: one row per norm of a block or of the end whose size is a half, quarter, …
-- inputs: tensors, checkpoints, components
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: n_elements integer elements — of the norm
-- column: hidden_size integer — width of the residual stream by the config

select
    t.model,
    t.revision,
    t.tensor,
    t.n_elements,
    c.hidden_size,
from tensors as t
join checkpoints as c
    on c.model = t.model
    and c.revision = t.revision
semi join components as w
    on w.component = t.component
    and w.has_hidden_size
where t.parameter = 'weight'
    and t.n_cols is null
    and t.status in ('ok', 'aliased')
    and t.n_elements > 0
    and c.hidden_size in (
        2 * t.n_elements, 4 * t.n_elements, 8 * t.n_elements, 16 * t.n_elements
    )
order by t.model, t.revision, t.tensor
