"""What kind of break is at a point: a jump, a bend, both, or only a curve?

Least squares on a few columns, by Gram–Schmidt.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL, SLOPE = 0, 1
_JUMP, _BEND, _BOTH = 0, 1, 2


@njit(nogil=True, cache=True)
def residual_sum(columns: Floats, y: Floats) -> float:
    """Σ of squared residuals of y on the rows of `columns`, and on a constant."""
    k = columns.shape[0]
    basis = np.empty_like(columns)
    rest = y - y.mean()
    for i in range(k):
        v = columns[i] - columns[i].mean()
        size = (v * v).sum()
        for j in range(i):
            v = v - (v * basis[j]).sum() * basis[j]
        left = (v * v).sum()
        # A column that the others make up adds nothing.
        if left <= 1e-18 * size or size == 0.0:
            basis[i] = 0.0
            continue
        basis[i] = v / np.sqrt(left)
        rest = rest - (rest * basis[i]).sum() * basis[i]
    return (rest * rest).sum()


@njit(nogil=True, cache=True)
def smooth_residual_sum(x: Floats, y: Floats, end: float) -> float:
    """Residual sum of the best curve without a break, a cubic on one of three axes.

    They are x, log x, and, where `end` is finite, the logarithm of what is left until
    then: what follows a learning rate that decays to nothing is straight on that.
    """
    span = x[-1] - x[0]
    gap = max((x[1:] - x[:-1]).min(), 1e-9 * span)
    best = np.inf
    for axis in range(3 if np.isfinite(end) else 2):
        if axis == 0:
            u = (x - x[0]) / span
        elif axis == 1:
            u = np.log1p((x - x[0]) / gap)
        else:
            u = np.log1p((end - x) / gap)
        low, high = u.min(), u.max()
        u = 2.0 * (u - low) / (high - low) - 1.0
        best = min(best, residual_sum(np.stack((u, u * u, u * u * u)), y))
    return best


@njit(nogil=True, cache=True)
def best_break(
    x: Floats, y: Floats, guess: int, reach: int, price: float
) -> tuple[int, int, float, float]:
    """Place, kind, residual sum and cost of the best break of a line near `guess`.

    A jump or a bend costs one parameter more than a line, both together two; `price` is
    what a parameter costs. The place is the first point of the new piece.
    """
    n = x.size
    step, ramp = np.zeros(n), np.zeros(n)
    place, kind, left, least = guess, LEVEL, np.inf, np.inf
    for t in range(max(2, guess - reach), min(n - 1, guess + reach + 1)):
        step[:t] = 0.0
        step[t:] = 1.0
        ramp[:] = np.maximum(x - x[t - 1], 0.0)
        for shape in range(3):
            if shape == _JUMP:
                total = residual_sum(np.stack((x, step)), y)
            elif shape == _BEND:
                total = residual_sum(np.stack((x, ramp)), y)
            else:
                total = residual_sum(np.stack((x, step, ramp)), y)
            cost = total + price * (2.0 if shape == _BOTH else 1.0)
            if cost < least:
                place, left, least = t, total, cost
                kind = SLOPE if shape == _BEND else LEVEL
    return place, kind, left, least


@njit(nogil=True, cache=True)
def line(x: Floats, y: Floats) -> tuple[float, float]:
    """Level at x = 0 and slope of the least-squares line."""
    dx = x - x.mean()
    size = (dx * dx).sum()
    slope = (dx * y).sum() / size if size > 0.0 else 0.0
    return y.mean() - slope * x.mean(), slope
