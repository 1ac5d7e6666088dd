"""How many leading eigenvalues does the log-determinant condition pick out?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Equal eigenvalues have product 1 exactly; rounding must not decide.
_ROUNDING = 1e-9


def n_erg_spikes(lam: NDArray[np.float64]) -> int:
    """The least k with Σ_{i≤k} ln(λᵢ / λ̄) < 0 over positive λ, descending; 0 if none.

    The volume condition of an exact renormalisation group step: the leading
    eigenvalues, scaled to mean 1, have a product that grows and then falls to 1; the
    one that takes it below is counted. In logarithms: products overflow at M = 4096.
    """
    volume = np.cumsum(np.log(lam) - np.log(lam.mean()))
    below = volume < -_ROUNDING * np.arange(1, lam.size + 1)
    # The sum over all is ≤ 0: where it is not below, the eigenvalues are equal.
    return int(below.argmax()) + 1 if below.any() else 0
