"""Which power law fits the tail of a spectrum best, and where does the tail begin?

Clauset, Shalizi & Newman (SIAM Review 51, 2009): for a tail x ≥ x_min the likelihood
gives alpha (eq. 3.1) and its standard error (3.2); x_min is the value whose tail is
nearest to its own fit by the Kolmogorov–Smirnov distance (3.9). Every distinct value is
tried: there is no grid and no threshold, so a spectrum has one alpha at any scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Fewer values say nothing about a law, and a shorter tail fits any exponent.
MIN_VALUES = 8
MIN_TAIL = 4

# Log-spread of values that differ by rounding alone.
_CONSTANT = 1e-9

# Places of a tail that are looked at before all of it: bounds the distance from below.
_PROBES = 16

Status = Literal["ok", "too_few", "constant", "no_tail"]


@dataclass(frozen=True)
class PowerLaw:
    """p(x) ∝ x^−alpha for x ≥ x_min; without a fit only `status` says anything.

    `plateau` is how far x_min could move, in decades, with alpha staying within two
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
    """The fit to positive values in any order; O(n log n) beside the chosen tails."""
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
    """Alpha − 1 of the tail from each value on; 0 where it is no candidate.

    No candidates are the last value, and values equal to the one before them.
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
    """The candidate of least distance, the longest tail among equals; exact.

    Most promising first: once a bound exceeds the best distance, so do all after it.
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
