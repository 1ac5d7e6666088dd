"""Which columns does every table of spectra share?"""

from pipeline.tables.column import Column
from pipeline.tables.spectra import SPECTRA

_SHARED = (
    "n_rows",
    "n_cols",
    "singular_values",
    "spectral_norm",
    "frobenius_norm",
    "nuclear_norm",
    "min_singular_value",
    "condition_number",
    "stable_rank",
    "effective_rank",
    "participation_ratio",
    "spectral_entropy",
    "numerical_rank",
    "rank_tolerance",
    "design_rank",
    "rank_ratio",
    "sigma_error_bound",
)


def spectral_columns(*left_out: str) -> tuple[Column, ...]:
    """The columns of `spectra` that any list of singular values has."""
    return tuple(SPECTRA.column(name) for name in _SHARED if name not in left_out)
