-- question: How does a metric run through the depth, and where is it more than noise's?
-- grain: one row per matrix view or site inside the blocks; picture `depth` draws it
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: metric text = alpha from tensor_metrics.metric — a metric of matrices, or of
--   behaviour, which has no noise to be compared with
-- param: component text = null from tensors.component — only this component
-- param: level real = 0.05 in 0..1 — false discoveries among the matrices called
--   structured
-- inputs: metric_values, noise_verdicts, behaviour_values, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, view: verdict, value, null_z
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: layer integer — 0-based block index
-- column: depth real — layer / (n_layers - 1)
-- column: component text — component, after its stack where there are several
-- column: tensor text — full state-dict key, or a module and its site
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
),
found as (
    select
        j.model, j.revision, j.stack, j.layer, j.depth, j.component, j.tensor, j.view,
        j.position, j.has_stacks, m.value, j.null_z, j.verdict, j.q_value,
    from judged as j
    join metric_values($metric, null) as m using (model, revision, tensor, view)
    union all by name
    select
        model, revision, stack, layer, depth, role(component, parameter) as component,
        tensor, view, position, value, 'untested' as verdict,
        min(stack) over () <> max(stack) over () as has_stacks,
    from behaviour_values($metric, null)
    semi join chosen_checkpoints($model, $revision) using (model, revision)
)
select
    model, revision, layer, depth,
    if(has_stacks and stack is not null, stack || '.', '') || component as component,
    tensor, view,
    $metric as metric,
    value, null_z, verdict, q_value,
from found
where layer is not null
    and ($component is null or split_part(component, '.', 1) = $component)
order by stack nulls first, layer, position, component, view
