-- question: Does every alias name a measured tensor with the same digest?
-- grain: one row per alias that does not, or tensor whose status and alias disagree
-- inputs: tensors
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: status text — its status
-- column: alias_of text — the original that it names
-- column: original_status text — that one's status, null where there is none
-- column: is_same_digest boolean — whether the two digests agree

select
    t.model,
    t.revision,
    t.tensor,
    t.status,
    t.alias_of,
    original.status as original_status,
    original.digest = t.digest as is_same_digest,
from tensors as t
left join tensors as original
    on original.model = t.model
    and original.revision = t.revision
    and original.tensor = t.alias_of
where (t.status = 'aliased') <> (t.alias_of is not null)
    or (t.alias_of is not null and original.status is distinct from 'ok')
    or (t.alias_of is not null and original.digest is distinct from t.digest)
order by t.model, t.revision, t.tensor
