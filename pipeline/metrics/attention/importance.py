"""How sure is a mean effect over documents? A bootstrap interval over documents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

N_DRAWS = 2000
# Fewer documents give no interval.
LEAST_DOCUMENTS = 8


def mean_interval(
    effects: Reals, *, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float] | None:
    """Mean of paired effects (documents,), and its percentile bootstrap interval.

    Documents are drawn, not tokens, as the tokens of one document depend on each other.
    None with fewer than eight documents or with an effect that is not finite.
    """
    if len(effects) < LEAST_DOCUMENTS or not np.isfinite(effects).all():
        return None
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(effects), size=(N_DRAWS, len(effects)))
    means = effects[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(effects.mean()), float(low), float(high)
