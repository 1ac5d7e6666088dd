-- question: How does the harm grow with the number of weights that are changed?
-- grain: one row per selector, operation and scale whose k takes two values or more
-- param: model text from perturbations.model — the model
-- param: revision text = null from perturbations.revision — null: all
-- param: arm text = top from perturbations.arm — top, or a control
-- inputs: perturbations
-- partitions: $model
-- shows: revision, selector, operation, scale: ed50, area, largest_delta
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what chose and judged
-- column: metric text — scores that chose
-- column: selector text — which weights may be chosen
-- column: operation text — what was done
-- column: scale real — how strongly
-- column: n_doses integer — values of k
-- column: largest_delta real nats — the most harm of any k
-- column: area real nats — mean harm over log k, by trapezoids
-- column: ed50 real weights — k at half the most harm; null: at the smallest k already

with doses as (
    select
        model, revision, parameter_set, probe_set, metric, selector, operation,
        scale, k, ln(k) as x, avg(loss_delta) as y,
    from perturbations
    where model = $model
        and ($revision is null or revision = $revision)
        and arm = $arm
    group by all
),
steps as (
    select
        *,
        lag(x) over series as x_before,
        lag(y) over series as y_before,
        max(y) over (
            partition by model, revision, parameter_set, selector, operation, scale
        ) / 2 as half,
    from doses
    window series as (
        partition by model, revision, parameter_set, selector, operation, scale
        order by k
    )
),
crossed as (
    select
        * exclude (k, x, y, half),
        x, y,
        if(
            half > 0 and y >= half and y_before < half,
            exp(x_before + (half - y_before) / (y - y_before) * (x - x_before)),
            null
        ) as crossing,
    from steps
)
select
    model,
    revision,
    probe_set,
    metric,
    selector,
    operation,
    scale,
    count(*) as n_doses,
    max(y) as largest_delta,
    sum((x - x_before) * (y + y_before) / 2) / (max(x) - min(x)) as area,
    min(crossing) as ed50,
from crossed
group by model, revision, parameter_set, probe_set, metric, selector, operation, scale
having count(*) > 1 and count(y) = count(*)
order by largest_delta desc, revision, probe_set, metric, selector, operation, scale
