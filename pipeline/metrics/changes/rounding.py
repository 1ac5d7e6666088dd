"""Is a tensor another one, rounded? To a shorter float, or to a grid of few values."""

from __future__ import annotations

from math import log2

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# Bits behind the binary point, and the least exponent of a normal f·2^e with f < 1, of
# float8 (E5M2, E4M3), bfloat16, float16 and float32.
_FLOATS = ((2, -13), (3, -5), (7, -125), (10, -13), (23, -125))
# The share of entries that must equal the rounded old value; clipping moves the others.
_ROUNDED = 0.99
# Codes are shared by a row, a column, or groups of a row.
_GROUPS = (32, 64, 128)
# The number of rows and columns sampled, evenly spread.
_MOST_LINES = 64
# Lines lie on grids when at most this share of old's distinct values stays distinct.
_TIED = 0.93


def kept_bits(old: Matrix, new: Matrix) -> float | None:
    """Bits that each entry keeps: mantissa bits, or log₂ of the number of grid values.

    None where `new` is not `old` rounded to the nearest.
    """
    for bits, least in _FLOATS:
        if _is_shorter_float(old, new, bits, least):
            return float(bits)
    lines = _lines(old, new)
    for a, b in lines:
        levels = _levels(a, b)
        if levels is not None:
            return log2(levels)
    return None


def _is_shorter_float(old: Matrix, new: Matrix, bits: int, least: int) -> bool:
    """Whether new is old rounded to `bits` mantissa bits, fewer in denormals."""
    exponent = np.maximum(np.frexp(old)[1], least) - bits - 1
    rounded = np.ldexp(np.rint(np.ldexp(old, -exponent)), exponent)
    # Entries that were on the grid before are no evidence.
    is_changed = new != old
    return bool((rounded == new)[is_changed].mean() >= _ROUNDED)


def _lines(old: Matrix, new: Matrix) -> list[tuple[Matrix, Matrix]]:
    """Entries that may share a grid: sampled rows, groups of a row, and columns."""
    if old.shape[1] == 1:
        return [(old.T, new.T)]
    rows = _spread(len(old))
    cols = _spread(old.shape[1])
    some = [x[rows].reshape(1, -1) for x in (old, new)]
    found = [(some[0], some[1]), (old[rows], new[rows])]
    found.append((old[:, cols].T, new[:, cols].T))
    for size in _GROUPS:
        if old.shape[1] % size == 0 and old.shape[1] > size:
            a, b = (x[rows].reshape(-1, size) for x in (old, new))
            found.append((a, b))
    return found


def _spread(n: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, min(n, _MOST_LINES)).astype(np.int64))


def _levels(old: Matrix, new: Matrix) -> int | None:
    """The most distinct values of a line of new; None unless each is old's nearest."""
    most, n_nearest, n, n_old, n_new = 0, 0, 0, 0, 0
    for a, b in zip(old, new, strict=True):
        grid = np.unique(b)
        n_new += grid.size
        n_old += np.unique(a).size
        middle = (grid[1:] + grid[:-1]) / 2
        place = np.searchsorted(grid, b)
        low = np.append(-np.inf, middle)[place]
        high = np.append(middle, np.inf)[place]
        # Halfway points of a grid kept in float32 are off by its rounding.
        slack = 1e-3 * (high - low)
        slack[~np.isfinite(slack)] = 0.0
        n_nearest += int(((a >= low - slack) & (a <= high + slack)).sum())
        n += a.size
        most = max(most, grid.size)
    is_grid = n_new <= _TIED * n_old and n_nearest >= _ROUNDED * n
    return most if is_grid else None
