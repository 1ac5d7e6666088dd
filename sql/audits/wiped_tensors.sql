-- question: Which tensors became all zero, or hold values that are not finite?
-- grain: one row per finding
-- param: series text from checkpoints.series — the training run
-- inputs: series_tensors
-- column: series text — training run
-- column: model text — hub id or local label of the model
-- column: revision text — label of the checkpoint
-- column: step integer steps — optimiser step
-- column: tensor text — tensor, where it is about one
-- column: shard text — file, where it is about one
-- column: finding text — what was found, in a word
-- column: severity text — serious, warning or low
-- column: evidence text — the numbers behind it

select
    series, model, revision, step, tensor, shard,
    if(n_nan + n_inf > 0, 'non_finite_tensor', 'zeroed_tensor') as finding,
    'serious' as severity,
    if(
        n_nan + n_inf > 0,
        n_nan || ' NaN and ' || n_inf || ' infinite of ' || n_elements || ' elements',
        'all ' || n_elements || ' elements are 0; at the step before '
            || round(100 * (1 - zero_fraction_before), 1) || ' % were not'
    ) as evidence,
from series_tensors
where series = $series
    and (n_nan + n_inf > 0 or zero_fraction = 1 and zero_fraction_before < 1)
