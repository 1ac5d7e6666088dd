"""Which power law fits the tail of a spectrum best, and where does the tail begin?

Clauset, Shalizi & Newman (SIAM Review 51, 2009): for a tail x ≥ x_min the likelihood
gives alpha (eq. 3.1) and its standard error (3.2); x_min is the value whose tail has
the smallest Kolmogorov–Smirnov distance to its own fit (3.9). Every distinct value is
tried, without a grid or threshold, so alpha does not depend on the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

# With fewer values no law can be fitted, and a shorter tail fits any exponent.
MIN_VALUES = 8
MIN_TAIL = 4

# Log-spread of values that differ by rounding only.
_CONSTANT = 1e-9

# Places of a tail that are compared first: they give a lower bound of its distance.
_PROBES = 16

Status = Literal["ok", "too_few", "constant", "no_tail"]


@dataclass(frozen=True)
class PowerLaw:
    """p(x) ∝ x^−alpha for x ≥ x_min; without a fit all fields but `status` are None.

    `plateau` is how far x_min can move, in decades, while alpha stays within two
    standard errors; `tail` holds ln(x / x_min) ≥ 0 of the n_tail values, ascending.
    """

    status: Status
    alpha: float | None = None
    xmin: float | None = None
    stderr: float | None = None
    ks_distance: float | None = None
    plateau: float | None = None
    tail: NDArray[np.float64] | None = None

    @property
    def n_tail(self) -> int | None:
        return None if self.tail is None else self.tail.size


def fit_power_law(x: NDArray[np.float64]) -> PowerLaw:
    """Fit positive values, in any order; O(n log n) plus the tails compared in full."""
    if x.size < MIN_VALUES:
        return PowerLaw("too_few")
    y = np.log(np.sort(x))
    y_max = y[-1]
    y -= y_max
    if -y[0] < _CONSTANT:
        return PowerLaw("constant")
    slopes = _slopes(y)
    best, distance = _nearest(y, slopes, _lower_bounds(y, slopes))
    tail = y[best:] - y[best]
    if tail.size < MIN_TAIL:
        return PowerLaw("no_tail")
    slope = float(slopes[best])
    stderr = slope / sqrt(tail.size)
    return PowerLaw(
        "ok",
        alpha=1 + slope,
        xmin=exp(y[best] + y_max),
        stderr=stderr,
        ks_distance=float(distance),
        plateau=_plateau(y, slopes, int(best), 2 * stderr),
        tail=tail,
    )


def _slopes(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha − 1 of the tail from each value on; 0 where the value is no candidate.

    The last value, and values equal to the one before them, are no candidates.
    """
    n = np.arange(y.size, 0, -1.0)
    excess = np.cumsum(y[::-1])[::-1] - n * y
    is_candidate = np.diff(y, prepend=-np.inf) > 0
    is_candidate &= excess > n * _CONSTANT
    return np.where(is_candidate, n / np.where(is_candidate, excess, 1.0), 0.0)


@njit(nogil=True, cache=True)
def _gap(y: NDArray[np.float64], slope: float, start: int, j: int) -> float:
    """|F(x_j) − the share of the tail below x_j|, as Clauset's own code has it."""
    below = (j - start) / (y.size - start)
    return abs(1.0 - np.exp(-slope * (y[j] - y[start])) - below)


@njit(nogil=True, cache=True)
def _lower_bounds(
    y: NDArray[np.float64], slopes: NDArray[np.float64]
) -> NDArray[np.float64]:
    bounds = np.full(y.size, np.inf)
    for start in range(y.size):
        if slopes[start] > 0:
            n = y.size - start
            worst = 0.0
            for probe in range(1, _PROBES + 1):
                j = start + (n - 1) * probe // _PROBES
                worst = max(worst, _gap(y, slopes[start], start, j))
            bounds[start] = worst
    return bounds


@njit(nogil=True, cache=True)
def _nearest(
    y: NDArray[np.float64], slopes: NDArray[np.float64], bounds: NDArray[np.float64]
) -> tuple[int, float]:
    """The candidate of least distance; among equals, the longest tail.

    Candidates are tried by ascending lower bound, until a bound exceeds the best
    distance: the search is exact.
    """
    best, least = y.size - 1, np.inf
    for start in np.argsort(bounds, kind="mergesort"):
        if bounds[start] > least or slopes[start] == 0:
            break
        worst = 0.0
        for j in range(start, y.size):
            worst = max(worst, _gap(y, slopes[start], start, j))
            if worst > least:
                break
        if worst < least or (worst == least and start < best):
            best, least = start, worst
    return best, least


def _plateau(
    y: NDArray[np.float64], slopes: NDArray[np.float64], best: int, width: float
) -> float:
    near = np.abs(slopes - slopes[best]) <= width
    # A repeated value is no candidate and does not end the plateau.
    near |= slopes == 0
    low, high = best, best
    far = np.flatnonzero(~near)
    low = int(far[far < best].max(initial=-1)) + 1
    high = int(far[far > best].min(initial=y.size)) - 1
    return float(y[high] - y[low]) / log(10)
