-- question: How much does a longer context help, and from where on no more?
-- grain: one row per checkpoint, probe set and range of tokens before the predicted one
-- param: model text from probe_sets.model — the model
-- param: revision text = null from probe_sets.revision — null: main, else the last
-- param: probe_set text = null from probe_sets.probe_set — null: all it was run on
-- param: share real = 0.02 in 0..1 — of the loss that counts as no gain
-- inputs: probe_sets, chosen_probes
-- partitions: $model
-- shows: model, revision, probe_set, context_first: gain, loss, effective_context
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: probe_set text — what it was run on
-- column: context_first integer tokens — fewest tokens before the predicted one
-- column: n_predictions integer tokens — predictions of the range
-- column: loss real nats — their mean loss
-- column: gain real nats — by how much the loss is lower than in the range before
-- column: effective_context integer tokens — first range from which on no loss is more
--   than this share above the least of all ranges with 1 % of the predictions

with ranges as (
    select
        s.model, s.revision, s.step, s.probe_set, s.parameter_set,
        unnest(s.context_first) as context_first,
        unnest(s.context_counts) as n_predictions,
        unnest(s.context_losses) as loss,
    from probe_sets as s
    semi join chosen_probes($model, $revision, $probe_set)
        using (model, revision, parameter_set)
    where s.model = $model
),
least as (
    select
        *,
        min(loss) filter (100 * n_predictions >= total) over same as least_loss,
    from (
        select *, sum(n_predictions) over (
            partition by revision, parameter_set
        ) as total,
        from ranges
    )
    window same as (partition by revision, parameter_set)
),
late as (
    select
        *,
        max(loss) filter (100 * n_predictions >= total) over (
            partition by revision, parameter_set
            order by context_first
            rows between current row and unbounded following
        ) <= (1 + $share) * least_loss as is_enough,
    from least
)
select
    model, revision, step, probe_set, context_first, n_predictions, loss,
    lag(loss) over steps - loss as gain,
    min(context_first) filter (is_enough) over (
        partition by revision, parameter_set
    ) as effective_context,
from late
window steps as (partition by revision, parameter_set order by context_first)
order by probe_set, parameter_set, revision, context_first
