"""Where does the noise of a series change its size? Level breaks of rank scores.

|residual| becomes its Fligner–Killeen score Φ⁻¹(½ + rank/2(n + 1)), so that noise of
any distribution, heavy tails too, has the same null; the scores are segmented as levels
are. Reference: Fligner & Killeen (1976).
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.noise import robust_scale
from pipeline.analysis.segmentation import segment
from pipeline.analysis.tails import p_value

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_POINTS = 15
_LEAST_SIZE = 6
# Less than the price of a level: p-values decide, and rank scores have light tails.
_PRICE = 2.0
# A residual this small beside the largest is rounding, and is no noise.
_ROUNDING = 1e-9
# Ranks of a fit's residuals, and of noise with memory, vary a little more in runs.
_INFLATION = 1.15


def spread_breaks(residuals: Floats, alpha: float) -> tuple[Ints, Floats]:
    """Places, ascending, and effect, statistic, p-value, before and after (n, 5).

    The effect is ln(after / before) of the robust standard deviations beside a break.
    """
    n = residuals.size
    if n < MIN_POINTS or np.median(np.abs(residuals)) <= _ROUNDING:
        return np.zeros(0, np.int64), np.zeros((0, 5))
    scores = _scores(np.abs(residuals))
    unit = np.log(n) * _INFLATION
    size = max(_LEAST_SIZE, round(2 * np.log(n)))
    grid = np.arange(n, dtype=np.float64)
    starts, _, _, _ = segment(grid, scores, (_PRICE * unit, np.inf), (size, n + 1))
    while starts.size > 1:
        facts = np.array(
            [
                _fact(residuals, scores, lo, mid, hi)
                for lo, mid, hi in zip(
                    starts[:-1], starts[1:], [*starts[2:], n], strict=True
                )
            ]
        )
        worst = int(np.argmax(facts[:, 2]))
        if facts[worst, 2] <= alpha:
            return starts[1:], facts
        starts = np.delete(starts, worst + 1)
    return np.zeros(0, np.int64), np.zeros((0, 5))


def _scores(size: Floats) -> Floats:
    """Scores of mean 0 and variance 1; equal sizes share their mean rank."""
    ordered = np.sort(size)
    twice = np.searchsorted(ordered, size) + np.searchsorted(ordered, size, "right") + 1
    scores = _score_table(size.size)[twice]
    spread = scores.std()
    return (scores - scores.mean()) / spread if spread > 0 else scores * 0.0


@lru_cache(maxsize=64)
def _score_table(n: int) -> Floats:
    """The score of rank r / 2, for r = 0, 1, …, 2n."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(0.5 + r / (4 * (n + 1))) for r in range(2 * n + 1)])


def _fact(
    residuals: Floats, scores: Floats, lo: int, mid: int, hi: int
) -> tuple[float, ...]:
    left, right = scores[lo:mid], scores[mid:hi]
    gap = right.mean() - left.mean()
    gain = gap**2 * left.size * right.size / (hi - lo) / _INFLATION
    before = robust_scale(residuals[lo:mid])
    after = robust_scale(residuals[mid:hi])
    effect = np.log(after / before) if min(before, after) > 0 else np.nan
    return effect, gain, p_value(gain, residuals.size), before, after
