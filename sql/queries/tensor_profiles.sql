-- question: What are the entries of every tensor like, checkpoint by checkpoint?
-- grain: one row per checkpoint and tensor with statistics, by model and step
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — only this checkpoint
-- param: most integer = null in 2.. — only so many checkpoints of a model, evenly taken
-- inputs: weights, even_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor: mean, std, abs_max, kurtosis
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: tensor text — full state-dict key
-- column: mean real — mean of the finite values
-- column: std real — their standard deviation
-- column: min real — smallest finite value
-- column: max real — largest finite value
-- column: abs_max real — largest magnitude
-- column: frobenius_norm real — root of the sum of squares
-- column: skewness real — third standardised moment
-- column: kurtosis real — excess kurtosis
-- column: zero_fraction real fraction — elements equal to zero
-- column: outlier_6_sigma_fraction real fraction — elements beyond six σ
-- column: entropy_bits real bits — entropy of the counted patterns
-- column: int8_row_sqnr_db real dB — signal to noise of int8, one scale per row
-- column: int4_group_sqnr_db real dB — signal to noise of int4 in groups of 128
-- column: n_non_finite integer elements — NaN and Inf

select
    model,
    revision,
    step,
    tensor,
    mean,
    std,
    min,
    max,
    abs_max,
    frobenius_norm,
    skewness,
    kurtosis,
    zero_fraction,
    outlier_6_sigma_fraction,
    entropy_bits,
    int8_row_sqnr_db,
    int4_group_sqnr_db,
    n_nan + n_pos_inf + n_neg_inf as n_non_finite,
from weights
semi join even_checkpoints($most) using (model, revision)
where stats_status is not null
    and is_asked(model, $model)
    and is_asked(revision, $revision)
order by model, step nulls first, revision,
    reading_place(model, revision, stack, layer, position), layer, position
