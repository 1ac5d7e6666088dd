-- question: What does a user's file of scores say?
-- inputs:

-- CSV or Parquet with model and value; task (or benchmark), metric, shots, revision and
-- step where it has them. A model is meant by its name or by the last part of it.
create macro scores_of(file) as table
with columns_known as (
    select
        null::varchar as model, null::varchar as revision, null::bigint as step,
        null::varchar as task, null::varchar as benchmark, null::varchar as shots,
        null::varchar as metric, null::double as "value",
    where false
    union all by name
    -- Without these two columns the file is refused.
    select * replace (model as model, "value" as "value") from query_table(file)
)
select
    model::varchar as model,
    revision::varchar as revision,
    step::bigint as step,
    coalesce(task, benchmark)::varchar as task,
    shots::varchar as shots,
    metric::varchar as score,
    try_cast("value" as double) as score_value,
from columns_known;
