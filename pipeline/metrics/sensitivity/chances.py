"""Is an effect more than chance, and how sure is it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RESAMPLES = 1000


def permutation_p(observed: float, drawn: Sequence[float]) -> float | None:
    """(1 + #{drawn ≥ observed}) / (1 + R); null without a draw. Infinite is largest."""
    if not len(drawn) or np.isnan(observed):
        return None
    values = np.where(np.isnan(drawn), np.inf, drawn)
    return float((1 + np.count_nonzero(values >= observed)) / (1 + len(values)))


def clustered_interval(
    sums: Floats, counts: Floats, *, seed: int = 0, level: float = 0.95
) -> tuple[float, float] | None:
    """Percentile interval of Σsums / Σcounts, documents drawn anew 1000 times.

    Null for fewer than two documents and where any sum is not finite.
    """
    m = len(sums)
    if m < 2 or not np.isfinite(sums).all():
        return None
    rng = np.random.default_rng(seed)
    times = rng.multinomial(m, np.full(m, 1 / m), size=_RESAMPLES)
    n = times @ counts
    drawn = (times @ sums)[n > 0] / n[n > 0]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
