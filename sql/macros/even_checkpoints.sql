-- question: Which checkpoints stand for a long run, evenly taken?
-- inputs: checkpoints

-- At most so many of each model, by step, its first and last among them; null: all.
create macro even_checkpoints(most) as table
with numbered as (
    select
        model,
        revision,
        row_number() over by_step - 1 as place,
        count(*) over (partition by model) - 1 as last_place,
    from checkpoints
    window by_step as (
        partition by model order by step nulls first, revision
    )
)
select model, revision, last_place + 1 as n_checkpoints
from numbered
where most is null
    or last_place < most
    or place = 0
    or place * (most - 1) // last_place > (place - 1) * (most - 1) // last_place;
