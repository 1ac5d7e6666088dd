-- question: Which weights does the loss depend on most?
-- grain: one row per critical weight of a metric, by rank
-- param: model text from sensitivities.model — the model
-- param: revision text = null from sensitivities.revision — null: main, else the last
-- param: metric text = abs_grad_x_weight from sensitivities.metric — the metric
-- param: by text = global in global|layer|head — among which weights it ranks
-- param: k integer = 10 — ranks shown of each
-- param: probe_set text = null from sensitivities.probe_set — null: all it was run on
-- inputs: critical_weights, chosen_scores
-- partitions: $model
-- shows: rank, tensor, coordinates: score, value
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was scored on
-- column: metric text — how it was scored
-- column: rank integer — 1 for the largest |score|
-- column: tensor text — key in the checkpoint
-- column: coordinates text — 0-based index along each dimension
-- column: value real — the weight
-- column: score real — its score
-- column: score_stderr real — standard error of an estimated score
-- column: stack text — encoder, decoder, …
-- column: layer integer blocks — 0-based block of its stack
-- column: component text — as in tensors
-- column: part text — q, k, v or o
-- column: head integer — 0-based head of the part

select
    c.model,
    c.revision,
    r.probe_set,
    c.metric,
    case $by
        when 'layer' then c.rank_layer
        when 'head' then c.rank_head
        else c.rank_global
    end as rank,
    c.tensor,
    c.coordinates::text as coordinates,
    c.value,
    c.score,
    c.score_stderr,
    c.stack,
    c.layer,
    c.component,
    c.part,
    c.head,
from critical_weights as c
join chosen_scores($model, $revision, $probe_set, $metric) as r
    using (model, revision, parameter_set, metric)
where c.model = $model
    and rank <= $k
order by
    r.probe_set,
    if($by = 'global', null, c.stack),
    if($by = 'global', null, c.layer),
    if($by = 'head', c.part, null),
    if($by = 'head', c.head, null),
    rank,
    c.tensor,
    c.flat_index
