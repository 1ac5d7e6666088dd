-- question: How does each tensor go from step to step of its training run?
-- grain: one row per tensor that was read of a checkpoint of a series
-- inputs: weights, checkpoints
-- column: norm real — its Frobenius norm
-- column: n_inf integer elements — elements that are Inf, of either sign
-- column: checkpoint_digest text — the checkpoint's digest over all its tensors
-- column: digest_before text — digest at the step before
-- column: digest_after text — digest at the step after
-- column: place_before integer — place of the step before
-- column: norm_before real — norm at the step before
-- column: norm_after real — norm at the step after
-- column: std_before real — standard deviation at the step before
-- column: mean_before real — mean at the step before
-- column: abs_max_before real — largest magnitude at the step before
-- column: zero_fraction_before real fraction — share of zeros at the step before
-- column: dtype_before text — dtype at the step before
-- column: shape_before text — shape at the step before
-- column: place integer — 0-based place of the step among the series' steps
-- column: move real — how far its norm, mean and extreme went since the step before
-- column: misfit real — |ln norm| off the mean of the steps before and after, null
--   where one of them holds the same values
-- column: is_copy boolean — the same values stand at a step that is not next to it
--   with others between
-- column: is_trained boolean — it changes from most steps to the next

with placed as (
    select
        c.series, w.model, w.revision, w.step, w.tensor, w.shard, w.dtype, w.shape,
        w.component, w.parameter, w.n_elements, w.digest, w.frobenius_norm as norm,
        w.mean, w.std, w.abs_max, w.zero_fraction, w.n_nan,
        w.n_pos_inf + w.n_neg_inf as n_inf,
        c.digest as checkpoint_digest,
        dense_rank() over (partition by c.series order by c.step) - 1 as place,
    from weights as w
    join checkpoints as c using (model, revision)
    where c.series is not null and c.step is not null and w.digest is not null
),
followed as (
    select
        *,
        lag(digest) over steps as digest_before,
        lead(digest) over steps as digest_after,
        lag(place) over steps as place_before,
        lag(norm) over steps as norm_before,
        lead(norm) over steps as norm_after,
        lag(std) over steps as std_before,
        lag(mean) over steps as mean_before,
        lag(abs_max) over steps as abs_max_before,
        lag(zero_fraction) over steps as zero_fraction_before,
        lag(dtype) over steps as dtype_before,
        lag(shape) over steps as shape_before,
    from placed
    window steps as (partition by series, tensor order by place, revision)
),
runs as (
    select
        *,
        sum((digest is distinct from digest_before)::int) over (
            partition by series, tensor order by place, revision
        ) as run,
    from followed
)
select
    * exclude (run),
    abs(ln(nullif(norm, 0)) - ln(nullif(norm_before, 0)))
        + abs(mean - mean_before) / nullif(std_before, 0)
        + abs(abs_max - abs_max_before) / nullif(std_before, 0) as move,
    if(
        digest = digest_before or digest = digest_after,
        null,
        abs(
            ln(nullif(norm, 0)) - (
                ln(nullif(coalesce(norm_before, norm_after), 0))
                + ln(nullif(coalesce(norm_after, norm_before), 0))
            ) / 2
        )
    ) as misfit,
    min(run) over same <> max(run) over same as is_copy,
    max(run) over (partition by series, tensor) * 2
        > count(*) over (partition by series, tensor) as is_trained,
from runs
window same as (partition by series, tensor, digest)
