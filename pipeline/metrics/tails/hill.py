"""How heavy is the upper half of a spectrum? The Hill estimate without a search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hill_alpha(lam: NDArray[np.float64]) -> float | None:
    """1 + k / Σ_{i≤k} ln(λᵢ / λₖ₊₁) at k = ⌊M/2⌋, over positive λ, descending.

    Hill (1975), as a density exponent, on the scale of alpha. A fixed k varies less
    than a fitted x_min but is biased by the bulk: compare only spectra of like shapes.
    None for fewer than four values or where the upper half is constant.
    """
    k = lam.size // 2
    if k < 2:
        return None
    excess = float(np.log(lam[:k] / lam[k]).sum())
    return 1 + k / excess if excess > 1e-9 * k else None
