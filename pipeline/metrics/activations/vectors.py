"""How do two vectors of each token differ? Their lengths, product and difference."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def square_rows(x: NDArray[np.floating]) -> F64:
    """Σx² of each row (n,), in float64."""
    found = np.zeros(len(x))
    for i in range(len(x)):
        square = 0.0
        for j in range(x.shape[1]):
            v = np.float64(x[i, j])
            square += v * v
        found[i] = square
    return found


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def compare_rows(x: NDArray[np.floating], y: NDArray[np.floating]) -> F64:
    """Σx², Σy², Σxy and Σ(y − x)² of each row, (n, 4), in float64."""
    found = np.zeros((len(x), 4))
    for i in range(len(x)):
        xx, yy, xy, dd = 0.0, 0.0, 0.0, 0.0
        for j in range(x.shape[1]):
            a, b = np.float64(x[i, j]), np.float64(y[i, j])
            xx += a * a
            yy += b * b
            xy += a * b
            dd += (b - a) * (b - a)
        found[i, 0], found[i, 1], found[i, 2], found[i, 3] = xx, yy, xy, dd
    return found
