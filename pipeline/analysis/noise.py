"""How large is the noise of a series, and how long is its memory, whatever its trend?

Both are estimated from the difference between each point and the line through its two
neighbours (Gasser, Sroka & Jennen-Steinmetz 1986). A trend does not change it, and a
break spoils only the few points beside it, which are clipped or ignored.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CLIP = 4.0
# Robust standard deviations that a point may lie beyond its neighbours.
_REACH = 2.5
# With more memory than this a series is a random walk, and its levels are not tested.
_MOST_MEMORY = 0.9
# Short series say little of their memory: it is drawn to this value, which counts for
# this many points.
_PRIOR_MEMORY, _PRIOR_POINTS = 0.25, 25.0


@njit(nogil=True, cache=True)
def robust_scale(values: Floats) -> float:
    """1.4826 · median |v|; the mean magnitude · √(π/2) where most values are 0."""
    if values.size == 0:
        return 0.0
    size = np.abs(values)
    scale = 1.4826 * np.median(size)
    return scale if scale > 0.0 else 1.2533 * size.mean()


@njit(nogil=True, cache=True)
def tame(x: Floats, y: Floats) -> Floats:
    """The series with outliers drawn to the edge of what is near them.

    A point may lie _REACH σ beyond its four neighbours and the lines through them, also
    when any one of the four is left out: a step, a slope and a bend stay as they are, a
    spike of a point or two is clipped.
    """
    n = y.size
    tamed = y.copy()
    missed = misfits(x, y, 1, np.zeros(0, np.int64))
    reach = _REACH * robust_scale(missed)
    for i in range(n):
        low, high = -np.inf, np.inf
        for left_out in range(max(i - 2, 0), min(i + 3, n)):
            if left_out == i:
                continue
            least, most = _envelope(x, y, i, left_out)
            low, high = max(low, least), min(high, most)
        # Where leaving a neighbour out reverses the two bounds, both are ignored.
        if low <= high:
            tamed[i] = min(max(y[i], low - reach), high + reach)
    return tamed


@njit(nogil=True, cache=True)
def _envelope(x: Floats, y: Floats, i: int, left_out: int) -> tuple[float, float]:
    """Bounds at x[i] from its neighbours and from the lines through two of them."""
    n, low, high = y.size, np.inf, -np.inf
    for a in range(max(i - 2, 0), min(i + 3, n)):
        if a in (i, left_out):
            continue
        low, high = min(low, y[a]), max(high, y[a])
        for b in range(a + 1, min(i + 3, n)):
            if b in (i, left_out):
                continue
            on = y[a] + (y[b] - y[a]) * (x[i] - x[a]) / (x[b] - x[a])
            low, high = min(low, on), max(high, on)
    return low, high


@njit(nogil=True, cache=True)
def misfits(x: Floats, y: Floats, lag: int, breaks: Ints) -> Floats:
    """Differences of points from the line through those `lag` before and after them.

    Scaled to the variance of white noise. Differences across one of `breaks` (first
    points of new segments) are ignored, unless fewer than four others are left.
    """
    n = y.size
    found = np.empty(max(n - 2 * lag, 0))
    clean = np.zeros(found.size, np.bool_)
    for i in range(lag, n - lag):
        w = (x[i + lag] - x[i]) / (x[i + lag] - x[i - lag])
        missed = y[i] - w * y[i - lag] - (1.0 - w) * y[i + lag]
        found[i - lag] = missed / np.sqrt(1.0 + w * w + (1.0 - w) ** 2)
        straddles = False
        for b in breaks:
            straddles = straddles or (i - lag < b <= i + lag)
        clean[i - lag] = not straddles
    return found[clean] if clean.sum() >= 4 else found


@njit(nogil=True, cache=True)
def noise(x: Floats, y: Floats, breaks: Ints) -> tuple[float, float]:
    """Variance and memory ρ of the noise, as of an AR(1) process by index, ρ ≥ 0.

    E_k = σ²(3/2 − 2ρᵏ + ρ²ᵏ/2) is the mean square of the misfits at lag k; E₂/E₁ grows
    with ρ from 1 to 2. With few points the estimate of ρ is drawn to a mild memory. The
    long-run variance is σ²(1 + ρ)/(1 − ρ).
    """
    first = _mean_square(misfits(x, y, 1, breaks))
    second = misfits(x, y, 2, breaks)
    if first == 0.0 or second.size < 3:
        return first, 0.0
    ratio = _mean_square(second) / first
    rho = 0.0
    if ratio > 1.0:
        low, high = 0.0, _MOST_MEMORY
        for _ in range(30):
            rho = 0.5 * (low + high)
            if _share(rho, 2) / _share(rho, 1) < ratio:
                low = rho
            else:
                high = rho
    m = second.size
    rho = (m * rho + _PRIOR_POINTS * _PRIOR_MEMORY) / (m + _PRIOR_POINTS)
    return first / _share(rho, 1), rho


@njit(nogil=True, cache=True)
def _share(rho: float, lag: int) -> float:
    """E_k as a share of that of white noise."""
    return 1.0 - (4.0 * rho**lag - rho ** (2 * lag)) / 3.0


@njit(nogil=True, cache=True)
def _mean_square(values: Floats) -> float:
    most = _CLIP * robust_scale(values)
    total = 0.0
    for value in values:
        total += min(value * value, most * most)
    return total / max(values.size, 1)
