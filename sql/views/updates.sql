-- question: What does each adapter change, and against which tensor?
-- grain: one row per adapted module and adapter
-- inputs: adapters, tensors, checkpoints, chosen_checkpoints, weights, matrices,
--   scalars
-- column: base_model text — model in the warehouse that holds the adapted weight
-- column: base_revision text — its revision: main, else the last
-- column: base_tensor text — the adapted weight; null where none or several fit
-- column: base_frobenius_norm real — ‖W‖ of that weight, null where it is not measured
-- column: base_spectral_norm real — σ₁ of that weight, null where it is cut into parts
-- column: relative_change real ratio — ‖ΔW‖ / ‖W‖, Frobenius
-- column: relative_spectral_norm real ratio — σ₁(ΔW) / σ₁(W)

-- The base is the checkpoint itself where adapters lie in a whole model; else the model
-- that adapter_config.json names, by its whole name or by the last part of a path.
with adapted as (
    select
        a.*,
        t.stack, t.layer, t.depth, t.component, t.expert, t.position,
        c.series,
        if(c.kind = 'model', c.model, rtrim(c.base_model, '/')) as named,
        if(c.kind = 'model', c.revision, null) as named_revision,
    from adapters as a
    join tensors as t
        on t.model = a.model and t.revision = a.revision and t.tensor = a.tensor
    left join checkpoints as c
        on c.model = a.model and c.revision = a.revision
),
bases as (
    select named, named_revision, model as base_model, revision as base_revision
    from (
        select distinct a.named, a.named_revision, c.model, c.revision,
            c.model = a.named as is_whole_name,
        from adapted as a
        join checkpoints as c
            on (c.model = a.named or c.model = split_part(a.named, '/', -1))
            and c.kind = 'model'
            and (c.revision = a.named_revision or a.named_revision is null)
        where a.named_revision is not null
            or (c.model, c.revision) in (
                select (model, revision) from chosen_checkpoints(null, null)
            )
    )
    qualify row_number() over (
        partition by named, named_revision order by is_whole_name desc
    ) = 1
),
-- By the role; a name that ends alike decides where several have it. Never by place.
fitting as (
    select
        a.model, a.revision, a.tensor,
        w.model as base_model, w.revision as base_revision, w.tensor as base_tensor,
        w.frobenius_norm as base_frobenius_norm,
        ends_with('.' || w.tensor, '.' || a.module || '.weight')
            or ends_with('.' || a.module || '.weight', '.' || w.tensor) as is_named,
    from adapted as a
    join bases as b
        on b.named = a.named
        and b.named_revision is not distinct from a.named_revision
    join weights as w
        on w.model = b.base_model
        and w.revision = b.base_revision
        and w.parameter = 'weight'
        and w.component = a.component
        and w.layer is not distinct from a.layer
        and w.expert is not distinct from a.expert
        and (w.stack is not distinct from a.stack or a.stack is null)
),
matched as (
    select *
    from fitting
    qualify is_named = max(is_named) over (partition by model, revision, tensor)
        and count(*) over (partition by model, revision, tensor, is_named) = 1
)
select
    a.* exclude (named, named_revision),
    b.base_model,
    b.base_revision,
    b.base_tensor,
    b.base_frobenius_norm,
    w.spectral_norm as base_spectral_norm,
    ratio(a.frobenius_norm, b.base_frobenius_norm) as relative_change,
    ratio(a.spectral_norm, w.spectral_norm) as relative_spectral_norm,
from adapted as a
left join matched as b
    on b.model = a.model and b.revision = a.revision and b.tensor = a.tensor
left join matrices as w
    on w.model = b.base_model
    and w.revision = b.base_revision
    and w.tensor = b.base_tensor
    and w.view = 'whole'
