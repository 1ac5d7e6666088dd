-- question: Is a matrix a half, quarter, … of what its config says, as a part of it is?
-- grain: one row per embedding, head of scores or MLP matrix with too few rows or cols
-- inputs: tensors, checkpoints, components
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: component text — what it does in its network
-- column: size integer — the side of it that is too short
-- column: stated integer — the config's vocab_size or intermediate_size

with sized as (
    select
        t.model, t.revision, t.tensor, t.component,
        case
            when w.has_tokens
                then try_cast(c.config ->> 'vocab_size' as bigint)
            else try_cast(c.config ->> 'intermediate_size' as bigint)
        end as stated,
        -- The residual stream is the other side.
        if(t.n_rows = c.hidden_size, t.n_cols, t.n_rows) as size,
    from tensors as t
    join checkpoints as c
        on c.model = t.model
        and c.revision = t.revision
    join components as w on w.component = t.component
    where (w.has_tokens or (w.category = 'feed_forward' and not w.is_fused))
        and t.expert is null
        and t.parameter = 'weight'
        and t.status = 'ok'
        and t.quantisation is null
        and t.n_cols is not null
        and c.hidden_size in (t.n_rows, t.n_cols)
)
select model, revision, tensor, component, size, stated
from sized
where stated in (2 * size, 4 * size, 8 * size, 16 * size)
order by model, revision, tensor
