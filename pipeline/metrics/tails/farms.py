"""How heavy is a spectrum's tail, independent of the matrix's aspect ratio?

The spectrum of noise, and with it every exponent fitted to a spectrum, depends on the
aspect ratio N/M. Submatrices of one ratio remove this dependence: here squares of M
rows, spread evenly along the longer side (Hu et al. 2025, arXiv 2506.06280).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.spectra.singular_values import (
    SingularValues,
    Solve,
    blocks_of_array,
)
from pipeline.metrics.tails.hill import hill_alpha
from pipeline.metrics.tails.tail import MIN_SIDE, fitted_eigenvalues

# More squares of a very tall matrix would improve the mean little, and each costs as
# much as the whole spectrum.
MOST_SQUARES = 8


def hill_of_squares(
    patterns: NDArray[np.generic],
    dtype: str,
    solve: Solve,
    *,
    abs_max: float,
    eps: float | None,
) -> list[float]:
    """`alpha_hill` of each square of a matrix given as stored patterns.

    Squares without an estimate are left out. Raises numpy.linalg.LinAlgError when
    LAPACK does not converge.
    """
    tall = patterns if patterns.shape[0] >= patterns.shape[1] else patterns.T
    side = tall.shape[1]
    if side < MIN_SIDE:
        return []
    found = (
        _hill_of(
            solve(
                blocks_of_array(tall[start : start + side], dtype),
                side,
                abs_max=abs_max,
            ),
            eps,
        )
        for start in place_squares(*tall.shape)
    )
    return [alpha for alpha in found if alpha is not None]


def place_squares(n_large: int, n_small: int) -> list[int]:
    """First rows of ⌈N/M⌉ squares, at most MOST_SQUARES, evenly spread."""
    n = min(-(-n_large // n_small), MOST_SQUARES)
    if n == 1:
        return [0]
    return [round(place * (n_large - n_small) / (n - 1)) for place in range(n)]


def _hill_of(solved: SingularValues, eps: float | None) -> float | None:
    if solved.sigma[0] == 0:
        return None
    lam = fitted_eigenvalues(solved.sigma, eps=eps, error_bound=solved.error_bound)
    return hill_alpha(lam) if lam.size >= MIN_SIDE else None
