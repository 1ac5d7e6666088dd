"""Which neurons never fire, and which always? Rates with confidence bounds.

A neuron counts as dead when the upper bound of its rate is small, not when few tokens
happened to miss it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.counting import LOWEST_OCTAVE, N_OCTAVES

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# 95 % of the normal law, two-sided.
_Z = 1.959963984540054
# A neuron is active above this share of its site's rms, rounded down to 2^k.
ACTIVE_SHARE = 0.01
# A neuron is dead when its rate's upper bound is below this level, and always on when
# the lower bound is above 1 − this level.
RARE = 0.01


def wilson(n_hits: I64, n: F64) -> tuple[F64, F64]:
    """95 % bounds of a rate by Wilson's score interval; NaN where n is 0.

    Wilson 1927, J. Am. Stat. Assoc. 22, p. 209.
    """
    seen = np.maximum(n, 1)
    # Where every value is NaN there are hits without values that count.
    p = np.minimum(n_hits / seen, 1)
    centre = (p + _Z**2 / (2 * seen)) / (1 + _Z**2 / seen)
    spread = np.sqrt(p * (1 - p) / seen + _Z**2 / (4 * seen**2))
    half = _Z * spread / (1 + _Z**2 / seen)
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def active_octave(rms: float) -> int:
    """The k of the threshold 2^k: the power of two at or below 1 % of the rms."""
    if rms <= 0:
        return LOWEST_OCTAVE
    k = int(np.floor(np.log2(ACTIVE_SHARE * rms)))
    return min(max(k, LOWEST_OCTAVE), LOWEST_OCTAVE + N_OCTAVES - 1)


def count_active(octaves: I64, k: int) -> I64:
    """The number of tokens with |x| ≥ 2^k, for each neuron."""
    return octaves[:, max(k - LOWEST_OCTAVE, 0) :].sum(axis=1)


def is_dead(active_high: F64) -> NDArray[np.bool_]:
    """Whether the upper bound of a neuron's rate of being active is near 0."""
    return active_high < RARE


def is_always_on(positive_low: F64) -> NDArray[np.bool_]:
    """Whether the lower bound of a neuron's rate of x > 0 is near enough to 1."""
    return positive_low > 1 - RARE
