-- question: Do the singular values of a matrix hold the energy of its entries?
-- grain: one row per whole matrix whose Σσ² is not Σw² within the tolerance
-- inputs: spectra, tensor_stats, scalars
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — the matrix view
-- column: energy_of_spectrum real — Σσ²
-- column: energy_of_entries real — Σw²
-- column: relative_error real relative — their difference over Σw²

-- The entries' norm of a float32 tensor is exact; Gram and eigenvalues in float64 keep
-- ten digits and more. What differs by 1e-6 was not the same matrix.
with energies as (
    select
        m.model, m.revision, m.tensor, m.view,
        list_sum(list_transform(m.singular_values, lambda s: s * s)) as spectral,
        s.frobenius_norm * s.frobenius_norm as entrywise,
    from spectra as m
    join tensor_stats as s using (model, revision, tensor)
    where m.status = 'ok'
        and m.matrix_view in ('as_stored', 'convolution')
        and s.n_finite = s.n_elements
)
select
    model,
    revision,
    tensor,
    view,
    spectral as energy_of_spectrum,
    entrywise as energy_of_entries,
    ratio(spectral - entrywise, entrywise) as relative_error,
from energies
where abs(spectral - entrywise) > 1e-6 * greatest(spectral, entrywise)
order by model, revision, tensor, view
