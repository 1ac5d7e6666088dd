"""Which values stand apart from the others of their kind, by more than noise?"""

from __future__ import annotations

import numpy as np

# The largest robust z of n normal values exceeds these with probability 1/1000. Fewer
# values have higher thresholds, as their median and MAD vary more (60,000 draws each).
_COUNTS = (8, 10, 12, 16, 24, 32, 48, 64, 96)
_LIMITS = (15.6, 11.5, 10.0, 8.1, 6.7, 6.2, 5.5, 5.4, 5.0)
# Positive values with quartiles in this ratio or more are compared by logarithms.
_WIDE_RATIO = 10.0


def stand_apart(values: np.ndarray) -> np.ndarray:
    """True for values far from the median in robust deviations; never for NaN or ±Inf.

    All False for fewer than eight finite values, or where half of them are equal.
    """
    found = np.zeros(values.shape, bool)
    is_finite = np.isfinite(values)
    kept = values[is_finite]
    if kept.size < _COUNTS[0]:
        return found
    low, high = np.quantile(kept, (0.25, 0.75))
    if kept.min() > 0 and high > _WIDE_RATIO * low:
        kept = np.log(kept)
    distance = np.abs(kept - np.median(kept))
    spread = 1.4826 * float(np.median(distance))
    if spread > 0:
        found[is_finite] = distance / spread > np.interp(kept.size, _COUNTS, _LIMITS)
    return found
