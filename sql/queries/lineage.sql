-- question: Which checkpoint was made from which, and what says so?
-- grain: one row per checkpoint, parents before children, trees one after another
-- param: model text = null from checkpoints.model — only trees that hold this model
-- inputs: kin_input, checkpoints
-- shows: level, model, revision: parent_model, parent_revision, relation, distance
-- column: tree integer — 0-based number of the tree
-- column: level integer — edges from the tree's root
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: parent_model text — what it was made from; null for a root
-- column: parent_revision text — its revision
-- column: evidence text — of the direction: steps, declared, rounded, pruned,
--   untrained, growth (only where the steps of every series among the kin grew); tree
--   where others leave no other way; undecided: then the parent is its nearest kin,
--   whichever came first
-- column: relation text — same, rounded, pruned or kin; null where nothing was compared
-- column: distance real — 0 between equals, 1 between strangers
-- column: margin real ratio — distance of the next possible parent over distance;
--   below 1.3 growth and tree decide nothing, null without another
-- column: related_fraction real fraction — of the elements compared, beyond chance
-- column: identical_fraction real fraction — of the elements compared, to the bit
-- column: n_elements integer elements — compared

with nodes as (
    select unnest(lineage_nodes(tensors, checkpoints), recursive := true)
    from kin_input
),
numbered as (
    select
        model, revision, step,
        row_number() over (order by model, step nulls first, revision) - 1 as place,
    from checkpoints
),
named as (
    select
        n.*, c.model, c.revision, c.step,
        p.model as parent_model, p.revision as parent_revision,
    from nodes as n
    join numbered as c using (place)
    left join numbered as p on p.place = n.parent
)
select
    tree, level, model, revision, step, parent_model, parent_revision, evidence,
    relation, distance, margin,
    related as related_fraction,
    identical as identical_fraction,
    n_elements,
from named
qualify bool_or($model is null or model = $model) over (partition by tree)
order by position
