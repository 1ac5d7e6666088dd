-- question: How far apart are two distributions of values?
-- inputs: scalars

-- `pairs` names a relation: pair, values_a, counts_a, values_b, counts_b, where the
-- values are distinct. One row per pair:
--   ks_distance           largest gap between the two cumulative distributions
--   wasserstein_distance  area between them, in the unit of the values
--   pooled_std            root of the two variances' mean, weighted by elements
--   js_divergence         Jensen-Shannon in bits over n_bins bins of equal pooled mass
--   psi                   population stability index in nats over the same bins, half
--                         an element added to each
-- Exact to the values' resolution, but for the bins: without them two small samples
-- of one law share hardly a value and would seem to differ entirely.
create macro value_distances(pairs, n_bins) as table
with points as (
    select pair, unnest(values_a)::double as v, unnest(counts_a) as a, 0 as b
    from query_table(pairs)
    union all
    select pair, unnest(values_b)::double as v, 0 as a, unnest(counts_b) as b
    from query_table(pairs)
),
merged as (
    select pair, v, sum(a)::double as a, sum(b)::double as b
    from points
    group by all
),
totals as (
    select
        pair,
        sum(a) as n_a,
        sum(b) as n_b,
        ratio(sum(a * v), sum(a)) as mean_a,
        ratio(sum(b * v), sum(b)) as mean_b,
    from merged
    group by all
),
cumulative as (
    select
        pair, v, a / n_a as p, b / n_b as q,
        a * pow(v - mean_a, 2) + b * pow(v - mean_b, 2) as squares,
        sum(a) over upto / n_a as f_a,
        sum(b) over upto / n_b as f_b,
        lead(v) over upto - v as width,
    from merged join totals using (pair)
    window upto as (partition by pair order by v)
),
binned as (
    select
        pair,
        sum(p) as p,
        sum(q) as q,
    from cumulative
    -- The pooled share below the value, each side counting one half.
    group by pair, least(floor((f_a + f_b - p - q) / 2 * n_bins), n_bins - 1)
),
smoothed as (
    select
        pair, p, q,
        (p * n_a + 0.5) / (n_a + 0.5 * count(*) over each) as p_smooth,
        (q * n_b + 0.5) / (n_b + 0.5 * count(*) over each) as q_smooth,
    from binned join totals using (pair)
    window each as (partition by pair)
),
divergences as (
    select
        pair,
        sum(
            coalesce(p * log2(nullif(p, 0) / ((p + q) / 2)), 0)
            + coalesce(q * log2(nullif(q, 0) / ((p + q) / 2)), 0)
        ) / 2 as js_divergence,
        sum((p_smooth - q_smooth) * ln(p_smooth / q_smooth)) as psi,
    from smoothed
    group by pair
),
gaps as (
    select
        pair,
        max(abs(f_a - f_b)) as ks_distance,
        sum(abs(f_a - f_b) * width) as wasserstein_distance,
        sum(squares) as squares,
    from cumulative
    group by pair
)
select
    pair,
    n_a::bigint as n_a,
    n_b::bigint as n_b,
    ks_distance,
    coalesce(wasserstein_distance, 0) as wasserstein_distance,
    sqrt(ratio(squares, n_a + n_b)) as pooled_std,
    greatest(js_divergence, 0) as js_divergence,
    psi,
from totals
join gaps using (pair)
join divergences using (pair);
