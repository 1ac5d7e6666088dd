-- question: What do the layers of a model look like, a line each?
-- grain: one row per layer, and per component outside the layers, in file order
-- param: model text from checkpoints.model — the model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- inputs: weights, matrices, chosen_checkpoints, scalars
-- partitions: $model
-- shows: place: size, std, abs_max, kurtosis_max, stable_rank, effective_rank
-- column: place text — layer, after its stack where there is one; else the component
-- column: size text — elements of its tensors
-- column: mean real — mean over all values of its matrices
-- column: std real — standard deviation over all values of its matrices
-- column: abs_max real — largest magnitude of its matrices
-- column: kurtosis_max real — largest excess kurtosis of one of its matrices
-- column: outliers integer elements — values beyond six σ of their matrix
-- column: stable_rank real dimensions — mean over its matrix views
-- column: effective_rank real dimensions — mean over its matrix views
-- column: rank_used real fraction — mean of effective over design rank

with measured as (
    select
        *,
        -- Norms, biases and buffers have other scales: only matrices count in values.
        if(n_cols is null or is_buffer, null, n_finite) as n_values,
    from weights
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model and status in ('ok', 'aliased')
),
entries as (
    select
        stack,
        layer,
        if(layer is null, component, null) as component,
        min(position) as position,
        sum(n_elements) as n_elements,
        pooled_mean(n_values, mean) as mean,
        pooled_std(n_values, mean, std) as std,
        max(if(n_values > 0, abs_max, null)) as abs_max,
        max(if(n_values > 0, kurtosis, null)) as kurtosis_max,
        sum(outlier_6_sigma_fraction * n_values) as outliers,
    from measured
    group by all
),
spectral as (
    select
        stack,
        layer,
        if(layer is null, tensor_component, null) as component,
        avg(stable_rank) as stable_rank,
        avg(effective_rank) as effective_rank,
        avg(ratio(effective_rank, design_rank)) as rank_used,
    from matrices
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model and status = 'ok' and matrix_view <> 'kernel_offset'
    group by all
)
select
    concat_ws('.', e.stack, coalesce(e.layer::varchar, e.component)) as place,
    human_count(e.n_elements) as size,
    e.mean,
    e.std,
    e.abs_max,
    e.kurtosis_max,
    round(e.outliers)::bigint as outliers,
    s.stable_rank,
    s.effective_rank,
    s.rank_used,
from entries as e
left join spectral as s
    on s.stack is not distinct from e.stack
    and s.layer is not distinct from e.layer
    and s.component is not distinct from e.component
order by reading_place('', '', e.stack, e.layer, e.position), e.layer, e.position
