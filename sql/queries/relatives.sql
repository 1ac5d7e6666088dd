-- question: Which checkpoints of the zoo are kin of this one, the nearest first?
-- grain: one row per other checkpoint with a tensor to compare
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: strangers boolean = false — those too that are no kin
-- param: limit integer = 20 in 1.. — rows to show
-- inputs: kin_input, checkpoints, chosen_checkpoints
-- shows: model, revision: relation, distance, came_first, evidence
-- column: model text — the other model
-- column: revision text — its revision
-- column: step integer steps — its optimiser step
-- column: relation text — same, rounded, pruned, kin or stranger
-- column: came_first text — this, other, or undecided, by the weights alone
-- column: evidence text — rounded, pruned, untrained, growth or undecided
-- column: distance real — 0 between equals, 1 between strangers
-- column: related_fraction real fraction — of the elements compared, beyond chance
-- column: identical_fraction real fraction — of the elements compared, to the bit
-- column: equal_fraction real fraction — of the sampled entries, equal
-- column: n_tensors integer tensors — compared: of one role and one shape
-- column: n_elements integer elements — of those

with numbered as (
    select
        model, revision, step,
        row_number() over (order by model, step nulls first, revision) - 1 as place,
    from checkpoints
),
asked as (
    select place
    from numbered
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model
),
pairs as (
    select
        asked.place as this,
        unnest(kin_pairs(tensors, checkpoints, asked.place), recursive := true),
    from kin_input cross join asked
)
select
    o.model, o.revision, o.step, p.relation,
    case
        when p.sign = 0 then 'undecided'
        when (p.sign > 0) = (p.a = p.this) then 'this'
        else 'other'
    end as came_first,
    p.evidence, p.distance,
    p.related as related_fraction,
    p.identical as identical_fraction,
    p.equal as equal_fraction,
    p.n_tensors, p.n_elements,
from pairs as p
join numbered as o on o.place = if(p.a = p.this, p.b, p.a)
where $strangers or p.relation <> 'stranger'
order by p.relation = 'stranger', p.distance, o.model, o.step nulls first, o.revision
limit $limit
