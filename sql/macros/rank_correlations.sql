-- question: How do the ranks of two quantities agree?
-- inputs: scalars

-- `points` names a relation: pair, x, y. One row per pair: n, spearman (of average
-- ranks) and kendall (tau-b; null above 1000 points: it takes all pairs of them).
create macro rank_correlations(points) as table
with given as (
    select
        pair, x::double as x, y::double as y,
        row_number() over (partition by pair) as i,
        count(*) over (partition by pair) as n,
    from query_table(points)
    where x is not null and y is not null
),
ranked as (
    select
        pair, n,
        rank() over (partition by pair order by x)
            + (count(*) over (partition by pair, x) - 1) / 2 as x_rank,
        rank() over (partition by pair order by y)
            + (count(*) over (partition by pair, y) - 1) / 2 as y_rank,
    from given
),
of_ranks as (
    select
        pair,
        count(*) as n,
        if(
            min(x_rank) = max(x_rank) or min(y_rank) = max(y_rank),
            null,
            corr(x_rank, y_rank)
        ) as spearman,
    from ranked
    group by pair
),
of_pairs as (
    select
        a.pair,
        sum(sign(a.x - b.x) * sign(a.y - b.y)) as concordance,
        count(*) filter (a.x <> b.x) as n_x,
        count(*) filter (a.y <> b.y) as n_y,
    from given as a
    join given as b on b.pair = a.pair and a.i < b.i
    where a.n <= 1000
    group by a.pair
)
select
    pair,
    n,
    spearman,
    ratio(concordance, sqrt(n_x::double * n_y)) as kendall,
from of_ranks left join of_pairs using (pair);
