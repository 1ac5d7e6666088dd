-- question: How far do the tops of two rankings agree, beyond chance?
-- inputs:

-- Overlap of the two top k of n when one of them is drawn blindly: P(x of them are in
-- both), hypergeometric.
create macro ln_choose(n, k) as
    lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
create macro overlap_chance(n, k, x) as if(
    x > k or x < 2 * k - n,
    0.0,
    exp(ln_choose(k, x) + ln_choose(n - k, k - x) - ln_choose(n, k))
);
create macro overlap_p(n, k, x) as least(1.0, list_sum(list_transform(
    range(x::bigint, k::bigint + 1), lambda i: overlap_chance(n, k, i)
)));
create macro jaccard_chance(n, k) as list_sum(list_transform(
    range(0, k::bigint + 1), lambda i: overlap_chance(n, k, i) * i / (2 * k - i)
));

-- `points` names a relation: pair, name, x, y. One row per pair, of its n names with
-- both values, the largest first; equal values are ordered by name, on both sides:
--   jaccard         |A ∩ B| / |A ∪ B| of the top k; of all where there are fewer
--   jaccard_chance  its mean where the rankings have nothing to do with each other
--   jaccard_p       chance of an overlap this large then
--   rbo             rank-biased overlap with persistence p, extrapolated (Webber,
--                   Moffat & Zobel 2010, equation 32): p^n is left to depths beyond n
create macro rank_overlaps(points, k, p) as table
with given as (
    select
        pair, name, x::double as x, y::double as y,
        count(*) over (partition by pair) as n,
    from query_table(points)
    where x is not null and y is not null
),
ranked as (
    select
        pair, n, least(k, n) as top,
        row_number() over (partition by pair order by x desc, name) as i,
        row_number() over (partition by pair order by y desc, name) as j,
    from given
),
entering as (
    select pair, greatest(i, j) as depth, count(*) as n_new
    from ranked
    group by all
),
shared as (
    select
        r.pair, r.n, r.top, r.i as depth,
        sum(coalesce(e.n_new, 0)) over (partition by r.pair order by r.i) as overlap,
    from ranked as r
    left join entering as e on e.pair = r.pair and e.depth = r.i
),
summed as (
    select
        pair, n, top,
        max(overlap) filter (depth = top) as overlap,
        (1 - p) / p * sum(overlap / depth * pow(p, depth)) + pow(p, n) as rbo,
    from shared
    group by pair, n, top
)
select
    pair, n, top as k,
    overlap / (2 * top - overlap) as jaccard,
    jaccard_chance(n, top) as jaccard_chance,
    overlap_p(n, top, overlap) as jaccard_p,
    rbo,
from summed;
