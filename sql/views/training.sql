-- question: What did training log, said once per step?
-- grain: one row per model, logged step and metric
-- inputs: training_log, checkpoints
-- column: model text — hub id or local label of the model
-- column: step integer steps — optimiser step that was logged
-- column: metric text — name that training gave it
-- column: value real — value logged at that step
-- column: n_logs integer — checkpoints whose log holds that step

-- Every checkpoint of a run may carry the history so far: the latest one's word counts.
select
    l.model,
    l.step,
    l.metric,
    first(
        l.value
        order by
            l.revision = '__series__' desc,
            c.step desc nulls last,
            l.revision desc
    ) as value,
    count(*) as n_logs,
from training_log as l
left join checkpoints as c
    on c.model = l.model
    and c.revision = l.revision
group by l.model, l.step, l.metric
