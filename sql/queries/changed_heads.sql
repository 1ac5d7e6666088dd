-- question: Which attention heads did a fine-tune or a step move most?
-- grain: one row per pair of checkpoints, layer, part and head, what stands out first
-- param: model text from tensor_changes.model — the newer model
-- param: revision text = null from tensor_changes.revision — null: every revision
-- param: from_model text = null — the older model; null: any
-- param: from_revision text = null — its revision; null: any
-- param: part text = null in q|k|v|o — only this part
-- param: limit integer = 20 in 1.. — rows to show
-- inputs: head_changes, scalars
-- partitions: $model
-- shows: revision, from_model, from_revision, layer, part, head: relative_change, z
-- column: revision text — the newer checkpoint
-- column: from_model text — the older model
-- column: from_revision text — the older checkpoint
-- column: layer integer — 0-based block index
-- column: attention text — self or cross
-- column: part text — q, k, v or o
-- column: head integer — 0-based head of the part, a key head for k and v
-- column: relative_change real ratio — ‖B − A‖ / ‖A‖ of the head
-- column: change_share real fraction — of all that changed in the layer's part, squared
-- column: z real — robust deviations of ln relative_change from the median of all heads
--   of the part
-- column: n_heads integer — heads of the part, over all layers

with asked as (
    select *, ln(nullif(relative_change, 0)) as size
    from head_changes
    where model = $model
        and is_asked(revision, $revision)
        and is_asked(from_model, $from_model)
        and is_asked(from_revision, $from_revision)
        and is_asked(part, $part)
),
centred as (
    select *, median(size) over heads as centre, count(*) over heads as n_heads
    from asked
    window heads as (
        partition by revision, from_model, from_revision, attention, part
    )
),
spread as (
    select
        *,
        median(abs(size - centre)) over (
            partition by revision, from_model, from_revision, attention, part
        ) as mad,
    from centred
)
select
    revision, from_model, from_revision, layer, attention, part, head,
    relative_change,
    ratio(pow(change_norm, 2), sum(pow(change_norm, 2)) over (
        partition by revision, from_model, from_revision, attention, part, layer
    )) as change_share,
    robust_z(size, centre, mad) as z,
    n_heads,
from spread
order by
    z desc nulls last, relative_change desc nulls last,
    revision, from_model, from_revision, layer, attention, part, head
limit $limit
