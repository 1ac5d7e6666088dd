-- question: Which clusters do the tokens of an embedding form?
-- grain: one row per embedding and cluster, the largest first; cluster null: none
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- inputs: vocabularies, embeddings, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, cluster: n_tokens, nearest_tokens, status
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: status text — of the clusters: ok, or why there are none
-- column: n_clusters integer clusters — chosen at the bend of the inertia
-- column: silhouette real — of the whole clustering
-- column: null_silhouette real — the same of Gaussian rows of the same covariance
-- column: null_p real — share of such draws that do as well; 0.05 is the least
-- column: cluster integer — 0-based number
-- column: n_tokens integer tokens — in the cluster
-- column: tokens_fraction real fraction — of all finite rows
-- column: norm_median real — median norm of its rows
-- column: nearest_ids list of integer — ids nearest to its centre
-- column: nearest_tokens list of text — their tokens, null without a tokenizer

select
    v.model, v.revision, v.tensor, v.status,
    v.n_clusters, v.silhouette, v.null_silhouette, v.null_p,
    e.cluster, e.n_tokens, e.tokens_fraction, e.norm_median,
    e.nearest_ids, e.nearest_tokens,
from vocabularies as v
left join embeddings as e
    on e.model = v.model
    and e.revision = v.revision
    and e.tensor = v.tensor
semi join chosen_checkpoints($model, $revision) as chosen
    on chosen.model = v.model
    and chosen.revision = v.revision
where is_asked(v.model, $model)
order by v.model, v.revision, v.tensor, e.cluster
