-- question: In which layers do heads put their weight on one token?
-- grain: one row per revision, probe set, attention and layer, by step
-- param: model text from probe_sets.model — the model
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- inputs: attention_heads, probe_sets
-- partitions: $model
-- shows: revision, probe_set, attention, layer: n_sinks, sink_mass
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: probe_set text — what it was run on
-- column: stack text — encoder, decoder, …
-- column: attention text — self or cross
-- column: layer integer blocks — 0-based block of its stack
-- column: n_heads integer heads — heads of the layer
-- column: n_sinks integer heads — heads with a sink; null where there are too few
--   documents for a verdict
-- column: sink_mass real fraction — mean over heads of the weight on the key with most
-- column: uniform_sink_mass real fraction — the same if they looked everywhere alike
-- column: sink_mass_max real fraction — of the head with most
-- column: first_token_mass real fraction — mean weight on the first token
-- column: punctuation_mass real fraction — mean weight on punctuation

select
    h.model,
    h.revision,
    h.step,
    p.probe_set,
    h.stack,
    h.attention,
    h.layer,
    count(*) as n_heads,
    sum(h.is_sink::integer)::bigint as n_sinks,
    avg(h.sink_mass) as sink_mass,
    avg(h.uniform_sink_mass) as uniform_sink_mass,
    max(h.sink_mass) as sink_mass_max,
    avg(h.first_token_mass) as first_token_mass,
    avg(h.punctuation_mass) as punctuation_mass,
from attention_heads as h
join probe_sets as p using (model, revision, parameter_set)
where h.model = $model
    and ($probe_set is null or p.probe_set = $probe_set)
group by all
order by h.step nulls first, h.revision, p.probe_set, h.stack, h.attention, h.layer
