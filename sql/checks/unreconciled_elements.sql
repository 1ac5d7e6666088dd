-- question: Are a tensor's elements its finite, NaN and infinite ones?
-- grain: one row per tensor where they are not, or where tensors says another number
-- inputs: tensor_stats, tensors
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: n_in_tensors integer elements — in tensors
-- column: n_in_stats integer elements — in tensor_stats
-- column: n_finite integer elements — finite
-- column: n_non_finite integer elements — NaN, +Inf and -Inf

select
    s.model,
    s.revision,
    s.tensor,
    t.n_elements as n_in_tensors,
    s.n_elements as n_in_stats,
    s.n_finite,
    s.n_nan + s.n_pos_inf + s.n_neg_inf as n_non_finite,
from tensor_stats as s
left join tensors as t using (model, revision, tensor)
where s.n_elements is distinct from s.n_finite + s.n_nan + s.n_pos_inf + s.n_neg_inf
    or t.n_elements <> s.n_elements
order by s.model, s.revision, s.tensor
