"""Does a largest eigenvalue stand out of noise? Its law, drawn for the shape, fitted.

The share λ₁/Σλ does not depend on the scale of the noise, and no test of λ₁ without a
known scale is stronger. It is drawn from the corner of the bidiagonal model that
determines λ₁ (Dumitriu & Edelman 2002; Edelman & Persson 2005): thousands of draws cost
less than one spectrum. ln(λ₁/Σλ) is fitted by a shifted gamma law with the skewness of
the Tracy–Widom law (Chiani 2014), right down to p = 1e-5 (docs/calibration.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

N_DRAWS = 4_000

# Skewness of the Tracy–Widom law of order 1. Shapes with a side below 32 have less, and
# their own skewness is used; longer sides differ from it by less than 4,000 draws show.
_SKEWNESS, _OWN_SKEWNESS_BELOW = 0.2935, 32

# λ₁ is determined by about the first 12·M^⅓ rows of the model; the other rows add less
# than rounding.
_CORNER, _CORNER_LEAST = 12, 20

# Entries of excess kurtosis κ > 0 raise ln(λ₁/Σλ) by 0.27 to 0.34·κ of its standard
# deviations, measured from 16×8 to 256×256. κ < 0 lowers it, which is not corrected.
_KURTOSIS_SHIFT = 0.35

_PRECISION = 1e-11


@dataclass(frozen=True)
class LargestLaw:
    """The law of ln(λ₁/Σλ) in noise of a shape: mean, standard deviation, skewness."""

    mean: float
    sd: float
    skewness: float


def draw_largest(
    n_large: int, n_small: int, rng: np.random.Generator, *, n_draws: int = N_DRAWS
) -> NDArray[np.float64]:
    """ln(λ₁/Σλ) of `n_draws` N×M matrices of N(0, 1) entries, ascending."""
    k = min(n_small, int(_CORNER_LEAST + _CORNER * n_small ** (1 / 3)))
    steps = np.arange(k)
    diagonal = rng.chisquare(n_large - steps, (n_draws, k))
    beside = rng.chisquare(n_small - 1.0 - steps[: k - 1], (n_draws, k - 1))
    total = diagonal.sum(axis=1) + beside.sum(axis=1)
    drawn = int((n_large - steps).sum() + (n_small - 1 - steps[: k - 1]).sum())
    # The sum of all squares is a χ² of N·M degrees of freedom.
    if n_large * n_small > drawn:
        total = total + rng.chisquare(n_large * n_small - drawn, n_draws)
    largest = np.empty(n_draws)
    _solve_all(diagonal, beside, largest)
    return np.sort(np.log(largest / total))


def fit_largest(draws: NDArray[np.float64], n_small: int) -> LargestLaw:
    """The law that draws of ln(λ₁/Σλ) follow."""
    mean, sd = float(draws.mean()), float(draws.std(ddof=1))
    skewness = _SKEWNESS
    if n_small < _OWN_SKEWNESS_BELOW:
        skewness = float((((draws - mean) / sd) ** 3).mean())
    return LargestLaw(mean, sd, skewness)


def largest_p(stable_rank: float, law: LargestLaw, kurtosis: float | None) -> float:
    """P that λ₁/Σλ of noise is at least 1/stable_rank, the share of this matrix.

    `kurtosis` is the entries' excess kurtosis; above 0 it moves the law up.
    """
    from scipy.special import gammaincc, ndtr

    z = (-np.log(stable_rank) - law.mean) / law.sd
    z -= _KURTOSIS_SHIFT * max(kurtosis or 0.0, 0.0)
    if law.skewness < 1e-3:
        return float(ndtr(-z))
    shape = 4 / law.skewness**2
    return float(gammaincc(shape, max(shape + z * sqrt(shape), 0.0)))


@njit(nogil=True, cache=True)
def _solve_all(
    diagonal: NDArray[np.float64],
    beside: NDArray[np.float64],
    largest: NDArray[np.float64],
) -> None:
    """Largest eigenvalue of each BBᵀ; B has √diagonal and, below it, √beside."""
    for i in range(largest.size):
        d = diagonal[i].copy()
        d[1:] += beside[i]
        largest[i] = _largest(d, diagonal[i, :-1] * beside[i])


@njit(nogil=True, cache=True)
def _largest(d: NDArray[np.float64], e2: NDArray[np.float64]) -> float:
    """Largest eigenvalue of the tridiagonal matrix (d, e²), by bisection.

    An eigenvalue is above x where a pivot of the matrix minus x is positive (Sturm).
    """
    low, high = d.max(), 0.0
    for i in range(d.size):
        before = np.sqrt(e2[i - 1]) if i > 0 else 0.0
        after = np.sqrt(e2[i]) if i < e2.size else 0.0
        high = max(high, d[i] + before + after)
    while high - low > _PRECISION * high:
        x = 0.5 * (low + high)
        pivot = d[0] - x
        i = 0
        while pivot < 0.0 and i < e2.size:
            pivot = d[i + 1] - x - e2[i] / pivot
            i += 1
        if pivot >= 0.0:
            low = x
        else:
            high = x
    return 0.5 * (low + high)
