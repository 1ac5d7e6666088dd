-- question: Which single weights of the down projections may carry the model?
-- grain: one row per candidate, the furthest above its tensor's next weight first
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: component text = down — where to look
-- param: top integer = 3 in 1..16 — largest weights of each tensor, 16 at most
-- param: limit integer = 20 in 1.. — rows to show
-- inputs: sides, weights, chosen_checkpoints, scalars, residual_side
-- partitions: $model
-- shows: model, revision, tensor, row, col: value, z, over_next
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: layer integer — 0-based block index
-- column: rank integer — 1 is the tensor's largest magnitude
-- column: row integer — 0-based row as stored
-- column: col integer — 0-based column as stored
-- column: value real — the weight
-- column: z real σ — distance from the tensor's mean over its σ
-- column: normal_z real σ — what the largest of as many normal values reaches
-- column: over_next real ratio — its magnitude over that of the next in rank
-- column: dimension integer — the residual dimension that it writes to
-- column: n_layers_sharing integer layers — with a candidate in that dimension
-- column: n_layers_tested integer layers — with candidates

-- Candidates, not proof: only a run without the weight shows what it carries
-- (arXiv 2411.07191).
with coordinates as (
    select
        r.model, r.revision, r.tensor,
        unnest(range(1, len(r.top_values) + 1)) as rank,
        unnest(r.top_channels) as row,
        unnest(c.top_channels) as col,
        unnest(r.top_values) as value,
        unnest(list_append(r.top_values[2:], null)) as next_value,
    from sides as r
    join sides as c
        on c.model = r.model
        and c.revision = r.revision
        and c.tensor = r.tensor
        and c.side = 'cols'
    semi join chosen_checkpoints($model, $revision) as chosen
        on chosen.model = r.model
        and chosen.revision = r.revision
    where r.side = 'rows'
        and r.alias_of is null
        and is_asked(r.model, $model)
        and r.component = $component
        and is_parameter_asked(r.parameter, r.is_buffer, null)
),
candidates as (
    select
        p.model, p.revision, p.tensor, w.stack, w.layer, w.position,
        p.rank, p.row, p.col, p.value,
        ratio(abs(p.value - w.mean), w.std) as z,
        sqrt(2 * ln(w.n_finite)) as normal_z,
        ratio(abs(p.value), abs(p.next_value)) as over_next,
        case residual_side(w.component, w.is_transposed)
            when 'rows' then p.row
            when 'cols' then p.col
        end as dimension,
    from coordinates as p
    join weights as w
        on w.model = p.model
        and w.revision = p.revision
        and w.tensor = p.tensor
    where p.rank <= $top
)
select
    model, revision, tensor, layer, rank, row, col, value, z, normal_z, over_next,
    dimension,
    count(distinct layer) over (partition by model, stack, dimension)
        as n_layers_sharing,
    count(distinct layer) over (partition by model, stack) as n_layers_tested,
from candidates
order by z desc nulls last, model, revision, layer, position, rank
limit $limit
