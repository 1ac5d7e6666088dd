-- question: What do the heads of each attention hold, and what do their circuits?
-- grain: one row per attention, kind (q, k, v, o, qk, ov) and head
-- inputs: heads, circuits, tensors
-- column: kind text — q, k, v, o: a head's own part; qk: W_Qᵀ·W_K; ov: W_O·W_V
-- column: kv_head integer — key head that a circuit shares, null for a head's own part

-- Where the heads of a part are not certain there is one row, with head null.
with united as (
    select * exclude ("view", part), part as kind, null::varchar as partner,
    from heads
    union all by name
    select * exclude head_dim
    from circuits
)
select
    u.model,
    u.revision,
    u.step,
    t.stack,
    t.layer,
    t.depth,
    u.attention,
    u.kind,
    u.head,
    u.kv_head,
    t.position,
    u.* exclude (
        model, revision, step, attention, kind, head, kv_head, digest
    ),
from united as u
join tensors as t
    on t.model = u.model
    and t.revision = u.revision
    and t.tensor = u.tensor
