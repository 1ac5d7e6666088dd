-- question: What does each layer hold, component by component?
-- grain: one row per checkpoint, stack, layer, component and parameter
-- inputs: weights, matrices, scalars
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: stack text — encoder, decoder, vision, … or null
-- column: layer integer — 0-based block index, null outside blocks
-- column: depth real — layer / (n_layers - 1)
-- column: component text — component of the tensors
-- column: parameter text — weight, bias, …
-- column: position integer — file position of its first tensor
-- column: n_tensors integer tensors — tensors measured or aliased
-- column: n_elements integer elements — their elements
-- column: mean real — mean over all their finite values
-- column: std real — standard deviation over all their finite values
-- column: abs_max real — largest magnitude
-- column: kurtosis_max real — largest excess kurtosis of a tensor
-- column: zero_fraction real fraction — of all their finite values
-- column: outlier_6_sigma_fraction real fraction — beyond six σ of their tensor
-- column: n_matrices integer — matrix views with a spectrum
-- column: stable_rank real dimensions — mean over the matrix views
-- column: effective_rank real dimensions — mean over the matrix views
-- column: effective_rank_fraction real fraction — mean of effective over design rank
-- column: spectral_norm real — largest of the matrix views

with entries as (
    select
        model, revision, step, stack, layer, depth, component, parameter,
        min(position) as position,
        count(*) as n_tensors,
        sum(n_elements)::bigint as n_elements,
        pooled_mean(n_finite, mean) as mean,
        pooled_std(n_finite, mean, std) as std,
        max(abs_max) as abs_max,
        max(kurtosis) as kurtosis_max,
        ratio(sum(n_zero), sum(n_finite)) as zero_fraction,
        pooled_mean(n_finite, outlier_6_sigma_fraction) as outlier_6_sigma_fraction,
    from weights
    where status in ('ok', 'aliased')
    group by all
),
spectral as (
    select
        model, revision, stack, layer, tensor_component as component, parameter,
        count(*) as n_matrices,
        avg(stable_rank) as stable_rank,
        avg(effective_rank) as effective_rank,
        avg(ratio(effective_rank, design_rank)) as effective_rank_fraction,
        max(spectral_norm) as spectral_norm,
    from matrices
    where status = 'ok' and matrix_view <> 'kernel_offset'
    group by all
)
select
    e.*,
    coalesce(m.n_matrices, 0) as n_matrices,
    m.stable_rank,
    m.effective_rank,
    m.effective_rank_fraction,
    m.spectral_norm,
from entries as e
left join spectral as m
    on m.model = e.model
    and m.revision = e.revision
    and m.stack is not distinct from e.stack
    and m.layer is not distinct from e.layer
    and m.component = e.component
    and m.parameter = e.parameter
