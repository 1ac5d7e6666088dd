-- question: Which tensors differ most from their peers?
-- grain: one row per measured tensor that has peers, the strangest first
-- param: model text = null from checkpoints.model — show only this model's
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: min_peers integer = 10 in 2.. — least tensors of one component to compare
--   among
-- param: min_elements integer = 64 — least elements of a tensor
-- param: limit integer = 20 in 1.. — rows to show
-- inputs: weights, chosen_checkpoints, scalars
-- shows: model, revision, tensor: score, kurtosis, max_sigmas
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: component text — peers share the component and the parameter
-- column: n_peers integer tensors — of all models' revisions compared, itself included
-- column: score real — largest of the three z
-- column: kurtosis real — excess kurtosis
-- column: kurtosis_z real — robust z of ln(kurtosis + 3) among the peers
-- column: max_sigmas real σ — largest magnitude over σ
-- column: normal_max_sigmas real σ — what normal values of its number reach: √(2 ln n)
-- column: max_sigmas_z real — robust z of ln(max_sigmas / normal_max_sigmas)
-- column: outlier_6_sigma_fraction real fraction — elements beyond six σ
-- column: outlier_z real — robust z of its root, counting error 1/(2√n) included

with measured as materialized (
    select
        model, revision, tensor, position, n_finite, kurtosis,
        role(component, parameter) as component,
        outlier_6_sigma_fraction,
        sqrt(outlier_6_sigma_fraction) as root_outliers,
        abs_max / std as max_sigmas,
        sqrt(2 * ln(n_finite)) as normal_max_sigmas,
        ln(kurtosis + 3) as log_kurtosis,
        ln(abs_max / std / sqrt(2 * ln(n_finite))) as log_sigmas,
    from weights
    semi join chosen_checkpoints(null, $revision) using (model, revision)
    where status = 'ok' and n_finite >= $min_elements and std > 0
),
typical as (
    select
        component,
        count(*) as n_peers,
        median(log_kurtosis) as kurtosis_mid,
        mad(log_kurtosis) as kurtosis_mad,
        median(log_sigmas) as sigmas_mid,
        mad(log_sigmas) as sigmas_mad,
        median(root_outliers) as outlier_mid,
        mad(root_outliers) as outlier_mad,
    from measured
    group by component
    having count(*) >= $min_peers
),
scored as (
    select
        *,
        robust_z(log_kurtosis, kurtosis_mid, kurtosis_mad) as kurtosis_z,
        robust_z(log_sigmas, sigmas_mid, sigmas_mad) as max_sigmas_z,
        (root_outliers - outlier_mid)
            / sqrt(pow(1.4826 * outlier_mad, 2) + 1 / (4 * n_finite)) as outlier_z,
    from measured join typical using (component)
)
select
    model, revision, tensor, component, n_peers,
    greatest(kurtosis_z, max_sigmas_z, outlier_z) as score,
    kurtosis, kurtosis_z,
    max_sigmas, normal_max_sigmas, max_sigmas_z,
    outlier_6_sigma_fraction, outlier_z,
from scored
where is_asked(model, $model)
order by score desc nulls last, model, revision, position
limit $limit
