-- question: Did attention heads stop writing anything since the step before?
-- grain: one row if some did
-- param: series text — of the checkpoint
-- param: model text — of the checkpoint
-- param: revision text — of the checkpoint
-- param: share real = 0.01 in 0..1 — norm of W_O·W_V over the layer's largest, below
--   which a head is dead
-- inputs: head_weights, checkpoints
-- partitions: $model
-- column: severity text — warning
-- column: evidence text — which
-- column: heads list of text — layer and head of each

with sized as (
    select
        c.revision, c.step, h.stack, h.layer, h.attention, h.head,
        h.frobenius_norm <= $share * max(h.frobenius_norm) over (
            partition by c.revision, h.stack, h.layer, h.attention
        ) as is_dead,
    from head_weights as h
    join checkpoints as c using (model, revision)
    where h.model = $model
        and c.series = $series
        and h.kind = 'ov'
        and h.head is not null
        and h.status = 'ok'
),
followed as (
    select
        *,
        concat_ws('.', layer, head) as name,
        lag(is_dead) over (
            partition by stack, layer, attention, head order by step
        ) as was_dead,
    from sized
)
select
    'warning' as severity,
    'heads that write nothing any more: '
        || string_agg(name, ', ' order by layer, head) as evidence,
    list(name order by layer, head) as heads,
from followed
where revision = $revision
    and is_dead
    and not coalesce(was_dead, false)
having count(*) > 0
