-- question: Do the counts of a tensor's values add up to its finite elements?
-- grain: one row per tensor where they do not, or whose lists do not fit each other
-- inputs: value_counts, tensor_stats
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: n_values integer — length of the list of values
-- column: n_counts integer — length of the list of counts
-- column: n_counted integer elements — sum of the counts
-- column: n_finite integer elements — in tensor_stats

with counted as (
    select
        model, revision, tensor,
        len("values") as n_values,
        len(counts) as n_counts,
        coalesce(list_sum(counts), 0)::bigint as n_counted,
    from value_counts
)
select
    v.model,
    v.revision,
    v.tensor,
    v.n_values,
    v.n_counts,
    v.n_counted,
    s.n_finite,
from counted as v
left join tensor_stats as s using (model, revision, tensor)
where v.n_values <> v.n_counts
    or v.n_counted <> s.n_finite
order by v.model, v.revision, v.tensor
