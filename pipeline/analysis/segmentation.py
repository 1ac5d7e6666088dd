"""Where does a series change its level or its line? Exact penalised segmentation.

Minimises Σ_segments RSS + penalty · (number of segments) over all segmentations, by
dynamic programming over the last break (Jackson et al. 2005): O(n²) for n points, with
no pruning to tune. The x axis is the true step, so uneven grids need no care.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(nogil=True, cache=True)
def segment(
    x: Floats, y: Floats, penalties: tuple[float, float], sizes: tuple[int, int]
) -> tuple[Ints, float, Ints, float]:
    """Segment starts and minimum, for constant pieces and then for straight ones.

    `penalties` and `sizes` are what a segment costs and the points it needs, of levels
    and of lines. Starts are 0-based and begin with 0. One pass serves both: the sums
    over [s, t) grow leftwards by Welford's update, which cancels nothing.
    """
    n = x.size
    best = np.full((2, n + 1), np.inf)
    best[:, 0] = 0.0
    last = np.zeros((2, n + 1), np.int64)
    for t in range(1, n + 1):
        mx = my = sxx = sxy = syy = 0.0
        for s in range(t - 1, -1, -1):
            m = t - s
            dx, dy = x[s] - mx, y[s] - my
            mx += dx / m
            my += dy / m
            sxx += dx * (x[s] - mx)
            sxy += dx * (y[s] - my)
            syy += dy * (y[s] - my)
            if m >= sizes[0]:
                total = best[0, s] + syy + penalties[0]
                if total < best[0, t]:
                    best[0, t] = total
                    last[0, t] = s
            if m >= sizes[1]:
                total = best[1, s] + max(syy - sxy * sxy / sxx, 0.0) + penalties[1]
                if total < best[1, t]:
                    best[1, t] = total
                    last[1, t] = s
    return _starts(last[0]), best[0, n], _starts(last[1]), best[1, n]


@njit(nogil=True, cache=True)
def _starts(last: Ints) -> Ints:
    """Follow the last breaks back from the end."""
    count, t = 0, last.size - 1
    while t > 0:
        t = last[t]
        count += 1
    starts = np.empty(max(count, 1), np.int64)
    starts[0] = 0
    t = last.size - 1
    for i in range(count - 1, -1, -1):
        t = last[t]
        starts[i] = t
    return starts
