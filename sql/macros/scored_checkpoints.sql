-- question: Which checkpoints does a user's file of scores mean?
-- inputs: checkpoints, chosen_checkpoints, scores_of

-- One row per checkpoint and kind of score. A score without revision and step is that
-- of the one revision meant when none is named; scores of the same kind are averaged.
create macro scored_checkpoints(file) as table
select
    c.model, c.revision, c.step, c.family, c.extracted_at,
    s.task, s.shots, s.score,
    avg(s.score_value) as score_value,
from scores_of(file) as s
join checkpoints as c
    on s.model in (c.model, parse_filename(c.model))
    and c.revision = coalesce(s.revision, c.revision)
    and c.step is not distinct from coalesce(s.step, c.step)
left join chosen_checkpoints(null, null) as usual
    on usual.model = c.model
    and usual.revision = c.revision
where isfinite(s.score_value)
    and coalesce(s.revision, s.step::varchar, usual.model) is not null
group by all;
