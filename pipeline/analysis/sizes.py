"""How large is a break, and what is the level or slope on both its sides?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.fits import SLOPE, line

Floats = NDArray[np.float64]
# Of two segments that meet: first points, and one past the last.
Bounds = tuple[int, int, int]


def levels_beside(y: Floats, segments: Bounds) -> tuple[float, float, float]:
    """Effect, before and after of a break between two constants."""
    lo, mid, hi = segments
    before, after = float(y[lo:mid].mean()), float(y[mid:hi].mean())
    return after - before, before, after


def lines_beside(
    x: Floats, y: Floats, segments: Bounds, kind: int
) -> tuple[float, float, float]:
    """Effect, before and after of a break between two lines."""
    lo, mid, hi = segments
    a0, b0 = line(x[lo:mid], y[lo:mid])
    a1, b1 = line(x[mid:hi], y[mid:hi])
    if kind == SLOPE:
        # How far the two lines part over the shorter of the two segments.
        reach = min(x[hi - 1] - x[mid - 1], x[mid - 1] - x[lo])
        return (b1 - b0) * reach, b0, b1
    # Each level where its own line ends: a curve's line, drawn on by a step, may leave
    # the range of all values. The jump is what the trend does not explain.
    between = (x[mid - 1] + x[mid]) / 2
    return (a1 - a0) + (b1 - b0) * between, a0 + b0 * x[mid - 1], a1 + b1 * x[mid]
