-- question: Which logged metric is the loss of a training run, whatever it is called?
-- inputs: training

-- Preference among the usual names of a loss, 1 the best; null for what is none. Case
-- and separators say nothing: loss/train is loss_train, Loss is loss.
create macro loss_rank(metric_name) as nullif(
    coalesce(
        list_position(
            [
                'loss', 'train_loss', 'loss_train', 'training_loss', 'lm_loss',
                'train_lm_loss', 'nll', 'train_nll', 'nll_loss', 'cross_entropy',
                'eval_loss', 'loss_eval', 'val_loss', 'loss_val', 'valid_loss',
                'validation_loss', 'test_loss'
            ],
            trim(regexp_replace(lower(metric_name), '[^a-z]+', '_', 'g'), '_')
        ),
        0
    ),
    0
);

-- One row per model and logged step of its preferred loss.
create macro logged_losses() as table
with losses as (
    select
        model, metric,
        row_number() over (
            partition by model order by loss_rank(metric), metric
        ) as place,
    from (select distinct model, metric from training)
    where loss_rank(metric) is not null
)
select
    t.model, t.metric, t.step, t.value,
from training as t
join losses as l on l.model = t.model and l.metric = t.metric and l.place = 1;
