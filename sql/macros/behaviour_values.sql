-- question: What is the value of a metric of behaviour, wherever it is kept?
-- inputs: probe_sets, activations, block_activations, neurons, expert_activations,
--   asked_probes, scalars

-- One row per place in the network that has a value: tensor is the path of a module and
-- its site, parameter the site, view the expert or neuron; null of a whole run.
create macro behaviour_values(metric_name, view_name) as table
with of_runs as (
    select
        model, revision, parameter_set, null as tensor, null as view,
        null as stack, null as layer, 'model' as component, 'model' as parameter,
        null as expert,
        coalesce(*columns(lambda c: c in ('nothing', behaviour_metric(metric_name))))
            ::double as value,
    from (select *, null as nothing from probe_sets)
    where metric_name like 'probe_sets.%'
),
of_sites as (
    select
        model, revision, parameter_set, module || ' ' || site as tensor, null as view,
        stack, layer, component, site as parameter, null as expert,
        coalesce(*columns(lambda c: c in ('nothing', behaviour_metric(metric_name))))
            ::double as value,
    from (select *, null as nothing from activations)
    where metric_name like 'activations.%'
        -- The very same tensors count once, at the first site that they pass.
        and same_as is null
),
of_blocks as (
    select
        model, revision, parameter_set, module as tensor, null as view,
        stack, layer, 'block' as component, 'block' as parameter, null as expert,
        coalesce(*columns(lambda c: c in ('nothing', behaviour_metric(metric_name))))
            ::double as value,
    from (select *, null as nothing from block_activations)
    where metric_name like 'block_activations.%'
),
of_neurons as (
    select
        model, revision, parameter_set, module || ' ' || site as tensor,
        'neuron.' || neuron as view,
        stack, layer, component, site as parameter, null as expert,
        coalesce(*columns(lambda c: c in ('nothing', behaviour_metric(metric_name))))
            ::double as value,
    from (select *, null as nothing from neurons)
    where metric_name like 'neurons.%'
),
of_experts as (
    select
        model, revision, parameter_set, module as tensor,
        'expert.' || expert as view,
        stack, layer, 'router' as component, 'router' as parameter, expert,
        coalesce(*columns(lambda c: c in ('nothing', behaviour_metric(metric_name))))
            ::double as value,
    from (select *, null as nothing from expert_activations)
    where metric_name like 'expert_activations.%'
),
found as (
    from of_runs
    union all
    from of_sites
    union all
    from of_blocks
    union all
    from of_neurons
    union all
    from of_experts
)
select
    f.model, f.revision, p.step, f.tensor, f.view, f.stack, f.layer,
    ratio(f.layer, max(f.layer) over (partition by f.model, f.revision, f.stack))
        as depth,
    f.component, f.parameter, f.expert,
    coalesce(f.layer, -1) as position,
    false as is_buffer,
    f.value,
from found as f
join asked_probes(metric_name) as p using (model, revision, parameter_set)
where f.value is not null and (view_name is null or f.view = view_name);
