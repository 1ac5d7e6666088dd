"""How many leading eigenvalues does the log-determinant condition pick out?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Equal eigenvalues, scaled to mean 1, have product 1: a tolerance absorbs rounding.
_ROUNDING = 1e-9


def n_erg_spikes(lam: NDArray[np.float64]) -> int:
    """The least k with Σ_{i≤k} ln(λᵢ / λ̄) < 0 over positive λ, descending; 0 if none.

    The volume condition of an exact renormalisation group step: the product of the
    leading eigenvalues, scaled to mean 1, grows and then falls to 1. The eigenvalue at
    which it falls below 1 is counted. Products overflow at M = 4096, hence logarithms.
    """
    volume = np.cumsum(np.log(lam) - np.log(lam.mean()))
    below = volume < -_ROUNDING * np.arange(1, lam.size + 1)
    # The sum over all is ≤ 0, and 0 only where all eigenvalues are equal.
    return int(below.argmax()) + 1 if below.any() else 0
