"""What do the singular values say of a matrix? Norms, ranks and energies."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.row import Row

ENERGY_PERCENTS = (50, 60, 70, 80, 90, 95, 99)

# With the epsilon of a 16- or 8-bit dtype the tolerance would exceed σ₁ for large sides
# and no singular value would count: such weights are ranked with float32's epsilon.
_COARSEST_EPS = float(np.finfo(np.float32).eps)


def describe_spectrum(
    sigma: NDArray[np.float64],
    *,
    n_rows: int,
    n_cols: int,
    eps: float | None,
    error_bound: float = 0.0,
) -> Row:
    """The columns of `spectra` that follow from σ₁ ≥ σ₂ ≥ … ≥ σ_min(N, M).

    `eps` is the stored dtype's machine epsilon, None for integers; a σ_min within
    `error_bound` of 0 has no condition number. Shape metrics of
    an all-zero matrix are None and its status is all_zero.
    """
    largest = float(sigma[0])
    tolerance = largest * max(n_rows, n_cols) * min(eps or 1.0, _COARSEST_EPS)
    rank = int((sigma > tolerance).sum())
    smallest = float(sigma[-1])
    row: Row = {
        "status": "ok" if largest > 0 else "all_zero",
        "reason": None if largest > 0 else "all entries are 0",
        "n_rows": n_rows,
        "n_cols": n_cols,
        "spectral_norm": largest,
        "frobenius_norm": largest * _scaled_norm(sigma),
        "nuclear_norm": float(sigma.sum()),
        "min_singular_value": smallest,
        "condition_number": largest / smallest if smallest > error_bound else None,
        "numerical_rank": rank,
        "rank_tolerance": tolerance,
        "design_rank": sigma.size,
        "rank_ratio": rank / sigma.size,
    }
    return row | shape_metrics(sigma)


def _scaled_norm(sigma: NDArray[np.float64]) -> float:
    """‖σ‖ / σ₁, free of overflow."""
    return sqrt(float(((sigma / sigma[0]) ** 2).sum())) if sigma[0] > 0 else 0.0


def shape_metrics(sigma: NDArray[np.float64]) -> Row:
    """Ranks and entropies, which do not change when the matrix is scaled."""
    names = [f"rank_{percent}" for percent in ENERGY_PERCENTS]
    if sigma[0] == 0:
        empty = "stable_rank", "effective_rank", "participation_ratio"
        return dict.fromkeys((*empty, "spectral_entropy", *names))
    s = sigma / sigma[0]
    lam = s**2
    energy = np.cumsum(lam)
    total = float(energy[-1])
    row: Row = {
        "stable_rank": total,
        "effective_rank": exp(_entropy(s / s.sum())),
        "participation_ratio": total**2 / float((lam**2).sum()),
        "spectral_entropy": (
            _entropy(lam / total) / log(sigma.size) if sigma.size > 1 else None
        ),
    }
    shares = [percent / 100 * total for percent in ENERGY_PERCENTS]
    ranks = np.minimum(np.searchsorted(energy, shares) + 1, sigma.size)
    return row | {n: int(rank) for n, rank in zip(names, ranks, strict=True)}


def _entropy(p: NDArray[np.float64]) -> float:
    """H(p) in nats, with 0·log 0 = 0."""
    held = p[p > 0]
    return float(-(held @ np.log(held)))
