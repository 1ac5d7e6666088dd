-- question: Which scores of weights are meant, of which revision of a model?
-- inputs: sensitivities

-- The revision named; else main, else the last step that was scored. Of several runs on
-- a probe set that of the most windows, then of the smallest seed. Nulls mean all.
create macro chosen_scores(model_name, revision_name, probe_name, metric_name) as table
with asked as (
    select distinct
        model, revision, step, parameter_set, probe_set, metric, seed, n_windows,
    from sensitivities
    where (model_name is null or model = model_name)
        and (revision_name is null or revision = revision_name)
        and (probe_name is null or probe_set = probe_name)
        and (metric_name is null or metric = metric_name)
),
chosen as (
    select model, revision
    from asked
    qualify row_number() over (
        partition by model
        order by revision = 'main' desc, step desc nulls last, revision
    ) = 1
)
select asked.*
from asked semi join chosen using (model, revision)
qualify row_number() over (
    partition by model, revision, probe_set, metric
    order by n_windows desc, seed, parameter_set
) = 1;
