-- question: When do induction heads come, and which are they?
-- grain: one row per head that is one at some step, at each step, by score
-- param: model text from probe_sets.model — the model
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: attention_heads, probe_sets
-- partitions: $model
-- shows: revision, layer, head: is_induction, induction_score, q_value
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: probe_set text — what it was run on; best `repeated:16x256`
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: head integer — 0-based head
-- column: is_induction boolean — announced at this step
-- column: induction_score real fraction — weight on the tokens after earlier places of
--   the query's token
-- column: induction_excess real — that score less that for another document's tokens
-- column: q_value real — false discovery rate at which it is announced
-- column: previous_token_score real fraction — weight on the token before
-- column: n_induction integer heads — induction heads of the whole model at this step

with probed as (
    select h.*, p.probe_set,
    from attention_heads as h
    join probe_sets as p using (model, revision, parameter_set)
    where h.model = $model
        and h.attention = 'self'
        and ($probe_set is null or p.probe_set = $probe_set)
),
announced as (
    select distinct probe_set, module, head
    from probed
    where is_induction
)
select
    model,
    revision,
    step,
    probe_set,
    stack,
    layer,
    head,
    is_induction,
    induction_score,
    induction_excess,
    induction_q_value as q_value,
    previous_token_score,
    sum(is_induction::integer) over (
        partition by probe_set, revision, parameter_set
    )::bigint as n_induction,
from probed
semi join announced using (probe_set, module, head)
order by probe_set, step nulls first, revision, induction_score desc, layer, head
