-- question: Has every tensor that was measured its rows in every family that ran?
-- grain: one row per tensor with status ok and table that lacks it
-- inputs: tensors, tensor_stats, value_counts, channels, spectra
-- column: table_name text — table without a row of the tensor
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key

-- A family ran for a checkpoint when its table holds any row of it.
with measured as (
    select distinct 'tensor_stats' as table_name, model, revision, tensor
    from tensor_stats
    union all
    select distinct 'value_counts', model, revision, tensor from value_counts
    union all
    select distinct 'channels', model, revision, tensor from channels
    union all
    select distinct 'spectra', model, revision, tensor from spectra
),
expected as (
    select ran.table_name, t.model, t.revision, t.tensor
    from tensors as t
    join (select distinct table_name, model, revision from measured) as ran
        on ran.model = t.model
        and ran.revision = t.revision
    where t.status = 'ok'
        -- Scalars, vectors and empty tensors have no channels.
        and (
            ran.table_name <> 'channels'
            or (t.n_cols is not null and t.n_elements > 0)
        )
)
select
    table_name,
    model,
    revision,
    tensor,
from expected
anti join measured using (table_name, model, revision, tensor)
order by table_name, model, revision, tensor
