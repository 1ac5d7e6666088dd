"""How many of many findings are false? q-values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def q_values(p: Floats, n_tests: int) -> Floats:
    """Benjamini–Hochberg (1995): the false discovery rate at which each is found.

    `n_tests` counts all tests; those without a value in `p` count as p = 1.
    """
    from scipy.stats import false_discovery_control

    if p.size == 0:
        return np.zeros(0)
    all_tests = np.concatenate([p, np.ones(max(n_tests - p.size, 0))])
    return np.asarray(false_discovery_control(all_tests)[: p.size], np.float64)
