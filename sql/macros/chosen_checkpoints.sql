-- question: Which one revision of a model is meant when none is named?
-- inputs: checkpoints, probe_sets

-- The revision named; else main, else the last step, else the last extracted. A model
-- that was run on a probe set need not be extracted.
create macro chosen_checkpoints(model_name, revision_name) as table
select
    model,
    revision,
    step,
from (
    select model, revision, step, extracted_at from checkpoints
    union all
    select model, revision, any_value(step), null
    from (from probe_sets anti join checkpoints using (model, revision))
    group by model, revision
)
where (model_name is null or model = model_name)
    and (revision_name is null or revision = revision_name)
qualify row_number() over (
    partition by model
    order by
        revision = 'main' desc,
        step desc nulls last,
        extracted_at desc nulls last,
        revision
) = 1;
