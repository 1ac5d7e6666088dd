-- question: Do steps descend from those before them, by their sampled entries?
-- inputs: sketches

-- `pairs` names a relation: place, tensor, n_elements, model, revision, model_before,
-- revision_before. One row per place with a tensor sketched on both sides: the share of
-- elements in tensors whose entries correlate beyond chance, four standard errors of
-- Fisher's transformation; of strangers one tensor in 30,000 does.
create macro related_steps(pairs) as table
with given as (
    select
        p.place, p.tensor, p.n_elements,
        unnest(n.entries) as x,
        unnest(b.entries) as y,
    from query_table(pairs) as p
    join sketches as n
        on n.model = p.model and n.revision = p.revision and n.tensor = p.tensor
    join sketches as b
        on b.model = p.model_before
        and b.revision = p.revision_before
        and b.tensor = p.tensor
),
correlated as (
    select
        place, tensor,
        any_value(n_elements) as n_elements,
        count(*) as n,
        -- A constant tensor says nothing of descent.
        if(min(x) = max(x) or min(y) = max(y), null, corr(x, y)) as r,
    from given
    where isfinite(x) and isfinite(y)
    group by place, tensor
    having count(*) >= 16
)
select
    place,
    coalesce(sum(n_elements) filter (
        atanh(greatest(least(r, 0.999999999), -0.9)) > 4 / sqrt(n - 3)
    ), 0) / sum(n_elements) as related_fraction,
from correlated
where r is not null
group by place;
