-- question: Which tokens look as if training had hardly met them?
-- grain: one row per embedding and candidate, the lowest z first
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: limit integer = 50 in 1.. — rows to show
-- inputs: vocabularies, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, token_id, token: norm_z, centre_z
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: token_id integer — row of the embedding
-- column: token text — as the tokenizer spells it, null without one
-- column: norm_z real — robust z of its norm among rows in use
-- column: centre_z real — robust z of its distance to the mean row
-- column: unused_ratio real — 1 or less: as near to the mean unused row as those are
-- column: n_candidates integer tokens — of the embedding, of which 100 are kept

-- Candidates with their evidence, not verdicts: only prompts show what a token does
-- (arXiv 2405.05417).
with candidates as (
    select
        model, revision, tensor, n_candidates,
        unnest(range(1, len(candidate_ids) + 1)) as place,
        unnest(candidate_ids) as token_id,
        unnest(candidate_tokens) as token,
        unnest(candidate_norm_z) as norm_z,
        unnest(candidate_centre_z) as centre_z,
        unnest(candidate_unused_ratio) as unused_ratio,
    from vocabularies
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where is_asked(model, $model)
)
select
    model, revision, tensor, token_id, token,
    norm_z, centre_z, unused_ratio, n_candidates,
from candidates
order by least(norm_z, centre_z) nulls last, model, revision, tensor, place
limit $limit
