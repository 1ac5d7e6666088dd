"""What kind of break is at a point: a jump, a bend, both, or only a curve?

Least squares on a few columns, by Gram–Schmidt.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL, SLOPE = 0, 1
_BEND, _BOTH = 1, 2
# A column that others explain leaves less than this share of itself.
_NOTHING = 1e-12


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
        # Skip a column that is a combination of the others.
        if left <= 1e-18 * size or size == 0.0:
            basis[i] = 0.0
            continue
        basis[i] = v / np.sqrt(left)
        rest = rest - (rest * basis[i]).sum() * basis[i]
    return (rest * rest).sum()


@njit(nogil=True, cache=True)
def smooth_residual_sum(x: Floats, y: Floats, end: float) -> float:
    """Residual sum of the best curve without a break, a cubic on one of four axes.

    The axes are x, √x, log x and, where `end` is finite, log(end − x): a series that
    follows a learning rate decaying to 0 at `end` is straight on the last one.
    """
    span = x[-1] - x[0]
    gap = max((x[1:] - x[:-1]).min(), 1e-9 * span)
    best = np.inf
    for axis in range(4 if np.isfinite(end) else 3):
        if axis == 0:
            u = (x - x[0]) / span
        elif axis == 1:
            u = np.sqrt((x - x[0]) / span)
        elif axis == 2:
            u = np.log1p((x - x[0]) / gap)
        else:
            u = np.log1p((end - x) / gap)
        low, high = u.min(), u.max()
        u = 2.0 * (u - low) / (high - low) - 1.0
        best = min(best, residual_sum(np.stack((u, u * u, u * u * u)), y))
    return best


@njit(nogil=True, cache=True)
def warm_up_residual_sum(x: Floats, y: Floats) -> float:
    """Residual sum of the best warm-up: a line on log x up to a knot, then a level.

    A warm-up's learning rate is proportional to the time since the start, which a size
    of change averages over its stride: half a stride at the first point.
    """
    span = x[-1] - x[0]
    gap = max((x[1:] - x[:-1]).min(), 1e-9 * span)
    log_time = np.log(0.5 + (x - x[0]) / gap)
    best = np.inf
    for knot in range(2, x.size // 2):
        rise = np.minimum(log_time - log_time[knot], 0.0)
        best = min(best, residual_sum(rise.reshape(1, -1), y))
    return best


@njit(nogil=True, cache=True)
def best_break(
    x: Floats, y: Floats, guess: int, reach: int, price: float
) -> tuple[int, int, float, float]:
    """Place, kind, residual sum and cost of the best break of a line near `guess`.

    A jump or a bend costs one parameter more than a line, both together two; `price` is
    the cost of a parameter. The place is the first point of the new segment. Each fit
    takes a few operations on the sums over the points from a place on.
    """
    n = x.size
    u = x - x.mean()
    size = (u * u).sum()
    rest = y - y.mean()
    rest = rest - (rest * u).sum() / size * u
    total = (rest * rest).sum()
    place, kind, left, least = guess, LEVEL, np.inf, np.inf
    low, high = max(2, guess - reach), min(n - 1, guess + reach + 1)
    # Over the points from t on: sums of u, of u², of the line's residuals, and of u
    # times these.
    u1, u2 = u[high:].sum(), (u[high:] * u[high:]).sum()
    r0, r1 = rest[high:].sum(), (rest[high:] * u[high:]).sum()
    for t in range(high - 1, low - 1, -1):
        u1, u2 = u1 + u[t], u2 + u[t] * u[t]
        r0, r1 = r0 + rest[t], r1 + rest[t] * u[t]
        m, knot = float(n - t), u[t - 1]
        ramp1, ramp_u = u1 - knot * m, u2 - knot * u1
        ss = m - m * m / n - u1 * u1 / size
        rr = u2 - 2.0 * knot * u1 + knot * knot * m
        rr = rr - ramp1 * ramp1 / n - ramp_u * ramp_u / size
        sr = ramp1 - m * ramp1 / n - u1 * ramp_u / size
        a, b = r0, r1 - knot * r0
        jump = a * a / ss if ss > _NOTHING * m else 0.0
        bend = b * b / rr if rr > _NOTHING * u2 else 0.0
        both, det = max(jump, bend), ss * rr - sr * sr
        if det > _NOTHING * ss * rr:
            both = (a * a * rr - 2.0 * a * b * sr + b * b * ss) / det
        for shape, gain in enumerate((jump, bend, both)):
            after = max(total - gain, 0.0)
            cost = after + price * (2.0 if shape == _BOTH else 1.0)
            # Of equal costs the earlier place is taken.
            if cost <= least:
                place, left, least = t, after, cost
                kind = SLOPE if shape == _BEND else LEVEL
    return place, kind, left, least


@njit(nogil=True, cache=True)
def line(x: Floats, y: Floats) -> tuple[float, float]:
    """Level at x = 0 and slope of the least-squares line."""
    dx = x - x.mean()
    size = (dx * dx).sum()
    slope = (dx * y).sum() / size if size > 0.0 else 0.0
    return y.mean() - slope * x.mean(), slope
