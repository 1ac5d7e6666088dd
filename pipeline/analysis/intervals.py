"""Within which points does a break lie, at 95 %?"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.analysis.fits import SLOPE, residual_sum

Floats = NDArray[np.float64]

# The log likelihood of a place less that of the true one is a random walk that drifts
# down on both sides: its maximum exceeds c/2 on a side with chance exp(−c/2) or less
# (Siegmund 1988), and c = −2·log(1 − √0.95) leaves 5 % on both. For a corner, whose
# places are smooth, the bound is wider than the usual 3.84 of χ².
_MOST_LOSS = 7.35


def place_interval(
    x: Floats, y: Floats, place: int, *, kind: int, is_sloped: bool, variance: float
) -> tuple[int, int]:
    """The first and last place at which the break fits y nearly as well as at `place`.

    Nearly: with a residual sum at most 7.35 variances larger. The fits are two levels,
    two lines or, for SLOPE, two lines that meet at the point before the place.
    """
    sums = _line_sums(x, y, kind == SLOPE) if is_sloped else _level_sums(y)
    # The place need not be the best fit: a break may have paid for its neighbours.
    inside = np.flatnonzero(
        sums <= min(sums.min(), sums[place]) + _MOST_LOSS * variance
    )
    return min(int(inside[0]), place), max(int(inside[-1]), place)


def _level_sums(y: Floats) -> Floats:
    """Residual sums of two levels by the first point of the second; infinite at 0."""
    n, centred = y.size, y - y.mean()
    before = np.cumsum(centred)[:-1]
    sizes = np.arange(1, n)
    gain = before**2 * (1.0 / sizes + 1.0 / (n - sizes))
    return np.concatenate(([np.inf], (centred**2).sum() - gain))


@njit(nogil=True, cache=True)
def _line_sums(x: Floats, y: Floats, is_corner: bool) -> Floats:
    """Residual sums of two lines by the first point of the second; infinite at ends."""
    n = x.size
    sums = np.full(n, np.inf)
    for t in range(2, n - 1):
        ramp = np.maximum(x - x[t - 1], 0.0)
        if is_corner:
            columns = np.stack((x, ramp))
        else:
            step = np.where(np.arange(n) >= t, 1.0, 0.0)
            columns = np.stack((x, step, ramp))
        sums[t] = residual_sum(columns, y)
    return sums
