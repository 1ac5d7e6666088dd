-- question: Where do the clusters of an embedding lie, seen in two dimensions?
-- grain: one row per cluster and placed token; the picture `clusters` draws it
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: tensor text = null from tensors.tensor — null: its first embedding
-- inputs: vocabularies, embeddings, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, cluster, label: n_tokens, x, y
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: plane_fraction real fraction — of the variance in these two dimensions
-- column: null_p real — that Gaussian rows would cluster as well
-- column: cluster integer — 0-based number, the largest first
-- column: n_tokens integer tokens — in the cluster
-- column: label text — the tokens nearest to its centre, else their ids
-- column: centre_x real — its centre along the first principal component
-- column: centre_y real — its centre along the second
-- column: x real — a row of the cluster, along the first
-- column: y real — the same row along the second

with found as (
    select *
    from embeddings
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model and is_asked(tensor, $tensor)
    qualify tensor = min(tensor) over ()
)
select
    e.model,
    e.revision,
    e.tensor,
    v.plane_fraction,
    v.null_p,
    e.cluster,
    e.n_tokens,
    array_to_string(
        coalesce(e.nearest_tokens[:3], e.nearest_ids[:3]::varchar[]), ' '
    ) as label,
    e.centre_x,
    e.centre_y,
    unnest(e.placed_x) as x,
    unnest(e.placed_y) as y,
from found as e
join vocabularies as v using (model, revision, tensor)
order by e.cluster, x, y
