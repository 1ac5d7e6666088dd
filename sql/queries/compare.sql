-- question: What changed between two checkpoints, layer by layer?
-- grain: one row per tensor that either of them has; what moved most comes first
-- param: model text from tensor_changes.model — the newer model
-- param: revision text = null from tensor_changes.revision — null: every revision
-- param: from_model text = null — the older model; null: any
-- param: from_revision text = null — its revision; null: any
-- inputs: tensor_changes, scalars
-- partitions: $model
-- shows: tensor: status, relative_change, cosine_similarity
-- column: revision text — the newer checkpoint
-- column: from_model text — the older model
-- column: from_revision text — the older checkpoint
-- column: tensor text — full state-dict key, the older one's where only it has it
-- column: status text — ok, identical, only_new, only_old, shape_differs, …
-- column: match text — how the two were found to be one
-- column: convention text — how both were brought to one convention; null: as stored
-- column: relative_change real — ‖B − A‖ / ‖A‖
-- column: cosine_similarity real — of the two as vectors
-- column: unchanged_fraction real fraction — of pairs of equal values
-- column: sign_flip_fraction real fraction — of pairs of opposite sign
-- column: change_stable_rank real dimensions — stable rank of the difference
-- column: change_rank_fraction real fraction — its rank_90 over the smaller side
-- column: base_share real fraction — of the difference inside A's leading directions
-- column: left_angle_max real radians — between leading left subspaces
-- column: n_intruders integer dimensions — new leading directions that A has not
-- column: reason text — what the status means here

with asked as (
    from tensor_changes
    where is_asked(model, $model)
        and is_asked(revision, $revision)
        and is_asked(from_model, $from_model)
        and is_asked(from_revision, $from_revision)
)
select
    revision,
    from_model,
    from_revision,
    coalesce(tensor, from_tensor) as tensor,
    status,
    match,
    convention,
    relative_change,
    cosine_similarity,
    unchanged_fraction,
    sign_flip_fraction,
    change_stable_rank,
    ratio(change_rank_90, design_rank) as change_rank_fraction,
    base_share,
    left_angle_max,
    n_intruders,
    reason,
from asked
order by step nulls last, revision, relative_change desc nulls last, tensor
