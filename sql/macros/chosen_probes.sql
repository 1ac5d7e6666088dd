-- question: Which runs on a probe set are meant, of which revision of a model?
-- inputs: probe_sets

-- The revision named; else main, else the last step that was run. A null probe set
-- means all. A model need not be extracted to be run.
create macro chosen_probes(model_name, revision_name, probe_name) as table
with asked as (
    select model, revision, step, parameter_set, probe_set
    from probe_sets
    where (model_name is null or model = model_name)
        and (revision_name is null or revision = revision_name)
        and (probe_name is null or probe_set = probe_name)
),
chosen as (
    select model, revision
    from asked
    qualify row_number() over (
        partition by model
        order by revision = 'main' desc, step desc nulls last, revision
    ) = 1
)
select asked.* from asked semi join chosen using (model, revision);
