-- question: How does a metric run through the depth, and where is it more than noise's?
-- grain: one row per matrix view inside the blocks; the picture `depth` draws it
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: metric text = alpha from tensor_metrics.metric — a metric of matrices
-- param: component text = null from tensors.component — only this component
-- param: level real = 0.05 in 0..1 — false discoveries among the matrices called
--   structured
-- inputs: metric_values, noise_verdicts
-- partitions: $model
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: layer integer — 0-based block index
-- column: depth real — layer / (n_layers - 1)
-- column: component text — component, after its stack where there are several
-- column: tensor text — full state-dict key
-- column: view text — whole, or the part of the tensor
-- column: metric text — name of the metric
-- column: value real — its value
-- column: null_z real standard deviations — of the metric against noise, if known
-- column: verdict text — noise, structured, constant, not_normal or untested
-- column: q_value real — of being noise, among all matrices of the checkpoint

with judged as (
    select
        *,
        min(stack) over () <> max(stack) over () as has_stacks,
        case $metric
            when 'alpha' then alpha_null_z
            when 'alpha_hill' then alpha_hill_null_z
            when 'stable_rank' then stable_rank_null_z
            when 'effective_rank' then effective_rank_null_z
            when 'participation_ratio' then participation_ratio_null_z
            when 'spectral_entropy' then spectral_entropy_null_z
            when 'mp_softrank' then mp_softrank_null_z
        end as null_z,
    from noise_verdicts($model, $revision, null, $level)
    where model = $model
)
select
    v.model,
    v.revision,
    v.layer,
    v.depth,
    if(v.has_stacks and v.stack is not null, v.stack || '.', '') || v.component
        as component,
    v.tensor,
    v.view,
    $metric as metric,
    m.value,
    v.null_z,
    v.verdict,
    v.q_value,
from judged as v
join metric_values($metric, null) as m
    on m.model = v.model
    and m.revision = v.revision
    and m.tensor = v.tensor
    and m.view = v.view
where v.layer is not null
    and ($component is null or v.component = $component)
order by v.stack nulls first, v.layer, v.position, v.view
