-- question: What do shuffles and synthetic tails say of each matrix?
-- grain: one row per tensor and matrix view that families tails or randomised measured
-- inputs: matrices, tail_fits, randomised

-- Apart from `matrices`, so that questions on spectra alone open no other files.
select
    m.model,
    m.revision,
    m.step,
    m.tensor,
    m.view,
    m.stack,
    m.layer,
    m.depth,
    m.component,
    m.parameter,
    m.expert,
    m.position,
    m.is_buffer,
    m.matrix_view,
    f.* exclude (model, revision, step, tensor, view, digest, status, reason, seed),
    r.* exclude (model, revision, step, tensor, view, digest, status, reason, seed),
from matrices as m
left join tail_fits as f
    on f.model = m.model
    and f.revision = m.revision
    and f.tensor = coalesce(m.alias_of, m.tensor)
    and f.view = m.view
left join randomised as r
    on r.model = m.model
    and r.revision = m.revision
    and r.tensor = coalesce(m.alias_of, m.tensor)
    and r.view = m.view
where f.tensor is not null or r.tensor is not null
