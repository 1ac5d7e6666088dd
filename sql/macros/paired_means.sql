-- question: How far apart are two means of the same items, and could it be chance?
-- inputs: scalars

-- `points` names a relation: pair, source, x, y. One row per pair: the counts, both
-- means, the 95 % interval of their difference over resamples of sources, and
--   sign_p     share of random signs of the sources' differences that reach this far
--   mcnemar_p  exact, two-sided, of the items with y > x against those with y < x
create macro paired_means(points, n_draws, seed) as table
with sources as (
    select
        pair, sum(y - x) as delta, count(*) as n,
        row_number() over (partition by pair order by source) - 1 as place,
        count(*) over (partition by pair) as n_sources,
    from query_table(points)
    group by pair, source
),
draws as (
    select
        s.pair, i,
        sum(s.delta * if(hash(i, s.place, seed, 'sign') % 2 = 0, 1, -1)) as flipped,
        sum(d.delta) / sum(d.n) as resampled,
    from sources as s
    cross join generate_series(1, n_draws) as t(i)
    join sources as d
        on d.pair = s.pair and d.place = hash(i, s.place, seed, 'draw') % s.n_sources
    group by s.pair, i
),
means as (
    select
        pair, count(*) as n_items, count(distinct source) as n_sources,
        count(*) filter (y > x) as n_gained, count(*) filter (y < x) as n_lost,
        avg(x) as x_mean, avg(y) as y_mean, sum(y - x) as total,
    from query_table(points)
    group by pair
),
drawn as (
    select
        pair,
        quantile_cont(resampled, 0.025) as ci_low,
        quantile_cont(resampled, 0.975) as ci_high,
        -- A sum of the same numbers in another order may differ in its last digit.
        (1 + count(*) filter (abs(flipped) >= abs(total) * (1 - 1e-12)))
            / (1 + count(*)) as sign_p,
    from draws join means using (pair)
    group by pair
)
select
    pair, n_items, n_sources, n_gained, n_lost, x_mean, y_mean, ci_low, ci_high, sign_p,
    least(1.0, 2 * binomial_tail(
        n_gained + n_lost, greatest(n_gained, n_lost), 0.5
    )) as mcnemar_p,
from means join drawn using (pair);
