"""How many of many findings are false? q-values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def q_values(p: Floats, n_tests: int) -> Floats:
    """Benjamini–Hochberg (1995): the false discovery rate at which each is found.

    `n_tests` counts the tests, of which those not in `p` found nothing (p = 1).
    """
    order = np.argsort(p, kind="stable")
    rank = np.arange(1, p.size + 1)
    raised = np.minimum(p[order] * max(n_tests, p.size) / rank, 1.0)
    q = np.empty_like(raised)
    q[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return q
