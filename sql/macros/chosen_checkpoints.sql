-- question: Which one revision of a model is meant when none is named?
-- inputs: checkpoints

-- The revision named; else main, else the last step, else the last extracted.
create macro chosen_checkpoints(model_name, revision_name) as table
select
    model,
    revision,
    step,
from checkpoints
where (model_name is null or model = model_name)
    and (revision_name is null or revision = revision_name)
qualify row_number() over (
    partition by model
    order by
        revision = 'main' desc,
        step desc nulls last,
        extracted_at desc,
        revision
) = 1;
