-- question: How far is every checkpoint from every other?
-- grain: one row per pair with a tensor to compare, by model and step
-- param: model text = null from checkpoints.model — pairs of it with any; null: all
-- param: every_step boolean = true — false: of each model main, else the last step
-- inputs: kin_input, checkpoints, chosen_checkpoints, scalars
-- shows: model_a, revision_a, model_b, revision_b: distance, relation
-- column: model_a text — the first model
-- column: revision_a text — its revision
-- column: step_a integer steps — its optimiser step
-- column: model_b text — the second model
-- column: revision_b text — its revision
-- column: step_b integer steps — its optimiser step
-- column: distance real — root of the mean over elements of ‖a − b‖² / (‖a‖² + ‖b‖²):
--   0 between equals, 1 between strangers, √2 between opposites
-- column: relation text — same, rounded, pruned, kin or stranger
-- column: n_elements integer elements — compared

with numbered as (
    select
        model, revision, step,
        row_number() over (order by model, step nulls first, revision) - 1 as place,
    from checkpoints
),
chosen as (
    select n.*
    from numbered as n
    left join chosen_checkpoints(null, null) as usual
        on usual.model = n.model
        and usual.revision = n.revision
    where $every_step or usual.model is not null
),
pairs as (
    select unnest(kin_pairs(tensors, checkpoints, -1), recursive := true)
    from kin_input
)
select
    a.model as model_a, a.revision as revision_a, a.step as step_a,
    b.model as model_b, b.revision as revision_b, b.step as step_b,
    p.distance, p.relation, p.n_elements,
from pairs as p
join chosen as a on a.place = p.a
join chosen as b on b.place = p.b
where is_asked(a.model, $model) or is_asked(b.model, $model)
order by p.a, p.b
