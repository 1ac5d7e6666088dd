-- question: Do the rows of tensors add up to what the headers declare?
-- grain: one row per checkpoint whose tensors, elements or bytes do not add up
-- inputs: checkpoints, tensors
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: what text — tensors, elements, bytes, aliased or skipped
-- column: n_declared integer — in checkpoints, from the headers
-- column: n_found integer — in the rows of tensors

with found as (
    select
        model,
        revision,
        count(*) as n_tensors,
        sum(n_elements) as n_elements,
        sum(n_bytes) as n_bytes,
        count(*) filter (status = 'aliased') as n_aliased,
        count(*) filter (status in ('side', 'skipped', 'failed')) as n_skipped,
    from tensors
    group by model, revision
),
tallies as (
    select
        c.model,
        c.revision,
        unnest(['tensors', 'elements', 'bytes', 'aliased', 'skipped']) as what,
        unnest([
            c.n_tensors, c.n_elements, c.n_bytes, c.n_aliased, c.n_skipped
        ])::bigint as n_declared,
        unnest([
            f.n_tensors, f.n_elements, f.n_bytes, f.n_aliased, f.n_skipped
        ])::bigint as n_found,
    from checkpoints as c
    left join found as f using (model, revision)
)
select
    model,
    revision,
    what,
    n_declared,
    coalesce(n_found, 0) as n_found,
from tallies
where n_declared <> coalesce(n_found, 0)
order by model, revision, what
