"""What do the tail and the bulk of a spectrum say? Power law, noise edge, spikes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.tails.erg import n_erg_spikes
from pipeline.metrics.tails.hill import hill_alpha
from pipeline.metrics.tails.marchenko_pastur import fit_bulk
from pipeline.metrics.tails.power_law import PowerLaw, fit_power_law
from pipeline.metrics.tails.rivals import compare_rivals
from pipeline.row import Row

# A spectrum of fewer values has no bulk apart from its tail.
MIN_SIDE = 8

_EPS_SINGLE = float(np.finfo(np.float32).eps)

# Rounding to a dtype of epsilon ε spreads equal singular values by at most 1.2·ε, the
# norm of its error matrix. Computing the entries in float32 adds a few of its ε.
_ROUNDING_SPREAD, _MAKING_SPREAD = 2.0, 32 * _EPS_SINGLE


def describe_tail(
    sigma: NDArray[np.float64],
    *,
    n_rows: int,
    n_cols: int,
    eps: float | None = _EPS_SINGLE,
    error_bound: float = 0.0,
) -> Row:
    """The columns of `spectra` on tail and bulk, from all σ₁ ≥ σ₂ ≥ … ≥ σ_min(N, M).

    `eps` is the stored dtype's epsilon: singular values that rounding to it adds to a
    rank-deficient matrix do not enter a fit. Everything is computed on σ/σ₁, so that no
    scale overflows; alpha_xmin and mp_edge are given as squared singular values.
    """
    if sigma[0] == 0:
        return {"fit_status": "too_few", "n_erg_spikes": 0}
    unit = float(sigma[0])
    s = sigma / unit
    lam = fitted_eigenvalues(sigma, eps=eps, error_bound=error_bound)
    fit = fit_power_law(lam)
    if fit.status != "too_few" and _is_constant(sigma, eps, error_bound):
        fit = PowerLaw("constant")
    row = _describe_fit(fit, unit) | {
        "alpha_hill": hill_alpha(lam) if lam.size >= MIN_SIDE else None,
        "n_erg_spikes": n_erg_spikes(lam),
    }
    if s.size < MIN_SIDE:
        return row
    return row | _describe_bulk(s**2, unit, max(n_rows, n_cols))


def _is_constant(
    sigma: NDArray[np.float64], eps: float | None, error_bound: float
) -> bool:
    """Whether all singular values are equal, up to the rounding of the entries."""
    spread = max(_ROUNDING_SPREAD * (eps or 0.0), _MAKING_SPREAD) * float(sigma[0])
    return float(sigma[0] - sigma[-1]) <= spread + 2 * error_bound


def fitted_eigenvalues(
    sigma: NDArray[np.float64], *, eps: float | None, error_bound: float
) -> NDArray[np.float64]:
    """Λ = (σ/σ₁)², descending, of the σ above the level of rounding.

    σ₁ must be > 0; `eps` and `error_bound` as in `describe_tail`.
    """
    s = sigma / sigma[0]
    rounding = min(eps or 1.0, _EPS_SINGLE) * float(np.sqrt((s**2).sum()))
    return np.asarray(s[s > max(rounding, error_bound / float(sigma[0]))] ** 2)


def _describe_fit(fit: PowerLaw, unit: float) -> Row:
    row: Row = {"fit_status": fit.status}
    if fit.tail is None or fit.xmin is None:
        return row
    rivals = compare_rivals(fit.tail)
    return row | {
        "alpha": fit.alpha,
        "alpha_xmin": fit.xmin * unit * unit,
        "alpha_stderr": fit.stderr,
        "alpha_plateau": fit.plateau,
        "n_tail": fit.n_tail,
        "ks_distance": fit.ks_distance,
        **rivals._asdict(),
    }


def _describe_bulk(lam: NDArray[np.float64], unit: float, n_large: int) -> Row:
    bulk = fit_bulk(lam, n_large, lam.size)
    if bulk is None:
        return {}
    return {
        "mp_sigma": bulk.sigma * unit,
        "mp_edge": bulk.edge * unit * unit,
        "n_spikes": bulk.n_spikes,
        "mp_softrank": bulk.softrank,
        "bulk_fraction": bulk.fraction,
    }
