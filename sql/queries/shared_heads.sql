-- question: Which heads of two models look alike at the same tokens?
-- grain: one row per head of the first model, with the most alike of the second
-- param: model_a text from probe_sets.model — the first model
-- param: revision_a text = null from probe_sets.revision — null: main, else the last
-- param: model_b text from probe_sets.model — the second, or the first
-- param: revision_b text = null from probe_sets.revision — null: main, else the last
-- inputs: attention_maps, chosen_probes, probe_sets
-- partitions: $model_a, $model_b
-- shows: probe_set, layer_a, head_a, layer_b, head_b: agreement, typical
-- column: revision_a text — checkpoint of the first model
-- column: revision_b text — checkpoint of the second
-- column: probe_set text — what both were run on: the same tokens, by their digest
-- column: stack text — encoder, decoder, …
-- column: attention text — self or cross
-- column: layer_a integer blocks — 0-based block of the first model's head
-- column: head_a integer — 0-based head
-- column: layer_b integer blocks — block of the second model's head most alike to it
-- column: head_b integer — that head
-- column: agreement real fraction — Σ √(p q) / √(Σp Σq) over the maps of both: 1 where
--   they look at the same stretches
-- column: typical real fraction — median agreement with all heads of the second model
-- column: is_mutual boolean — of the first model's heads it is the other's most alike

with asked as (
    select *, 'a' as side, from chosen_probes($model_a, $revision_a, null)
    union all
    select *, 'b' as side, from chosen_probes($model_b, $revision_b, null)
),
drawn as (
    select
        p.side, p.probe_set, s.tokens_digest,
        m.model, m.revision, m.stack, m.attention, m.module, m.layer, m.head,
        list_transform(m.weights, lambda w: sqrt(w)) as roots,
        list_sum(m.weights) as mass,
    from attention_maps as m
    join asked as p using (model, revision, parameter_set)
    join probe_sets as s using (model, revision, parameter_set)
    where m.weights is not null
),
pairs as (
    select
        a.revision as revision_a, b.revision as revision_b, a.probe_set,
        a.stack, a.attention,
        a.layer as layer_a, a.head as head_a, b.layer as layer_b, b.head as head_b,
        a.module as module_a, b.module as module_b,
        list_dot_product(a.roots, b.roots) / sqrt(a.mass * b.mass) as agreement,
    from drawn as a
    join drawn as b
        on a.tokens_digest = b.tokens_digest
        and a.stack is not distinct from b.stack
        and a.attention = b.attention
    where a.side = 'a' and b.side = 'b'
),
ranked as (
    select
        *,
        median(agreement) over own as typical,
        row_number() over (own order by agreement desc, layer_b, head_b) as place,
        row_number() over (theirs order by agreement desc, layer_a, head_a) = 1
            as is_mutual,
    from pairs
    window
        own as (partition by probe_set, attention, module_a, head_a),
        theirs as (partition by probe_set, attention, module_b, head_b)
)
select
    revision_a, revision_b, probe_set, stack, attention,
    layer_a, head_a, layer_b, head_b,
    least(1, agreement)::double as agreement,
    typical::double as typical,
    is_mutual,
from ranked
where place = 1
order by probe_set, stack, attention, agreement desc, layer_a, head_a
