-- question: How does what matters spread over the residual stream, tensor by tensor?
-- grain: one row per tensor that reads or writes the stream
-- param: model text from sensitivities.model — the model
-- param: revision text = null from sensitivities.revision — null: main, else the last
-- param: metric text = abs_grad_x_weight from sensitivities.metric — the metric
-- param: probe_set text = null from sensitivities.probe_set — null: all it was run on
-- inputs: sensitivities, tensors, chosen_scores, residual_side
-- partitions: $model
-- shows: tensor: width, largest_share
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: probe_set text — what it was scored on
-- column: tensor text — full state-dict key
-- column: width integer dimensions — of the stream
-- column: largest_share real fraction — of the tensor's |scores|, in one dimension
-- column: sums list of real — Σ|s| of each dimension of the stream

with sided as (
    select
        s.model, s.revision, s.probe_set, s.tensor, t.position,
        if(residual_side(s.component, t.is_transposed) = 'rows', s.row_sums, s.col_sums)
            as sums,
    from sensitivities as s
    semi join chosen_scores($model, $revision, $probe_set, $metric)
        using (model, revision, parameter_set, metric)
    join tensors as t
        on t.model = s.model
        and t.revision = s.revision
        and t.tensor = s.tensor
    where s.status = 'ok'
        and s.parameter = 'weight'
        and residual_side(s.component, t.is_transposed) is not null
)
select
    model,
    revision,
    probe_set,
    tensor,
    len(sums) as width,
    list_max(sums) / nullif(list_sum(sums), 0) as largest_share,
    sums,
from sided
where sums is not null
order by model, revision, probe_set, position
