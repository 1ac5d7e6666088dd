"""What spectra does noise of a shape have? They are drawn without making a matrix.

The singular values of an N×M matrix of independent normal entries are those of an M×M
bidiagonal matrix of independent chi variables (Dumitriu & Edelman 2002, β = 1): O(M) to
draw, O(M²) to solve. Scipy's binding to LAPACK's solver holds the interpreter's lock
while it runs; the solver here releases it, so that threads run in parallel.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_MOST_SWEEPS = 60


def draw_noise(
    n_large: int, n_small: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """σ₁ ≥ σ₂ ≥ … of one N×M matrix of N(0, 1) entries; absolute error about 1e-8·σ₁.

    Raises numpy.linalg.LinAlgError when the iteration does not converge.
    """
    steps = np.arange(n_small, dtype=np.float64)
    diagonal = rng.chisquare(n_large - steps)
    beside = rng.chisquare(steps[:0:-1]) if n_small > 1 else np.zeros(0)
    # B has √diagonal and, below it, √beside; this is BBᵀ with its off-diagonal squared.
    d = diagonal.copy()
    d[1:] += beside
    lam = np.empty(n_small)
    if not solve_tridiagonals(d, diagonal[:-1] * beside, lam):
        raise np.linalg.LinAlgError("the eigenvalues of a noise draw did not converge")
    return np.sqrt(np.maximum(np.sort(lam)[::-1], 0.0))


@njit(nogil=True, cache=True)
def solve_tridiagonals(
    d: NDArray[np.float64], e2: NDArray[np.float64], lam: NDArray[np.float64]
) -> bool:
    """Eigenvalues of the symmetric tridiagonal matrix (d, e²); False if one fails.

    Rational QL, without square roots in the sweep (Reinsch, Numerische Mathematik 25,
    1973; EISPACK's tqlrat). `d` is overwritten.
    """
    n = d.size
    off = np.zeros(n + 1)
    off[: n - 1] = e2
    eps = 2.220446049250313e-16
    shifted = scale = 0.0
    for low in range(n):
        scale = max(scale, abs(d[low]) + np.sqrt(off[low]))
        tiny = eps * scale
        for sweep in range(_MOST_SWEEPS + 1):
            high = low
            while off[high] > tiny * tiny:
                high += 1
            if high == low:
                break
            if sweep == _MOST_SWEEPS:
                return False
            shifted += _shift(d, off, low)
            if _sweep(d, off, low, high, tiny):
                break
        lam[low] = d[low] + shifted
    return True


@njit(nogil=True, cache=True)
def _shift(d: NDArray[np.float64], off: NDArray[np.float64], low: int) -> float:
    """Subtract from d[low:] the eigenvalue of the next 2×2 block nearest d[low]."""
    root = np.sqrt(off[low])
    first = d[low]
    p = (d[low + 1] - first) / (2.0 * root)
    r = np.sqrt(p * p + 1.0)
    d[low] = root / (p + (r if p >= 0 else -r))
    shift = first - d[low]
    for i in range(low + 1, d.size):
        d[i] -= shift
    return shift


@njit(nogil=True, cache=True)
def _sweep(
    d: NDArray[np.float64], off: NDArray[np.float64], low: int, high: int, tiny: float
) -> bool:
    """One QL transformation of rows low to high; whether d[low] has converged."""
    g = d[high] if d[high] != 0.0 else tiny
    h = g
    s = 0.0
    for i in range(high - 1, low - 1, -1):
        p = g * h
        r = p + off[i]
        off[i + 1] = s * r
        s = off[i] / r
        d[i + 1] = h + s * (h + d[i])
        g = d[i] - off[i] / g
        if g == 0.0:
            g = tiny
        h = g * p / r
    off[low] = s * g
    d[low] = h
    # In this order, as off[low]·h may underflow where off[low] does not.
    if h == 0.0 or abs(off[low]) <= abs(tiny * tiny / h):
        return True
    off[low] *= h
    return False
