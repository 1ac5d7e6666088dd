"""Where does the noise of a series change its size? Level breaks of rank scores.

|residual| becomes its Fligner–Killeen score Φ⁻¹(½ + rank/2(n + 1)), so that noise of
any distribution, heavy tails too, has the same null; the scores are segmented as levels
are. Reference: Fligner & Killeen (1976).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.noise import robust_scale
from pipeline.analysis.segmentation import segment
from pipeline.analysis.tails import p_value

Floats = NDArray[np.float64]

MIN_POINTS = 15
_LEAST_SIZE = 6
# Less than the price of a level: p-values decide, and rank scores have light tails.
_PRICE = 2.0
# A residual this small beside the largest is rounding, and is no noise.
_ROUNDING = 1e-9
# Ranks of a fit's residuals, and of noise with memory, vary a little more in runs.
_INFLATION = 1.15


@dataclass(frozen=True, kw_only=True)
class SpreadBreak:
    """One change of the noise; `place` is the first point of the new segment.

    `effect` is ln(after / before) of the robust standard deviations beside it.
    """

    place: int
    effect: float
    statistic: float
    p_value: float
    before: float
    after: float


def spread_breaks(residuals: Floats, alpha: float) -> tuple[SpreadBreak, ...]:
    """Every break of the noise with a p-value ≤ alpha, ascending."""
    n = residuals.size
    if n < MIN_POINTS or np.median(np.abs(residuals)) <= _ROUNDING:
        return ()
    scores = _scores(np.abs(residuals))
    unit = np.log(n) * _INFLATION
    size = max(_LEAST_SIZE, round(2 * np.log(n)))
    grid = np.arange(n, dtype=np.float64)
    starts, _, _, _ = segment(grid, scores, (_PRICE * unit, np.inf), (size, n + 1))
    while starts.size > 1:
        bounds = [*starts.tolist(), n]
        found = tuple(
            _test(residuals, scores, segments)
            for segments in zip(bounds, bounds[1:], bounds[2:], strict=False)
        )
        worst = int(np.argmax([each.p_value for each in found]))
        if found[worst].p_value <= alpha:
            return found
        starts = np.delete(starts, worst + 1)
    return ()


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


def _test(
    residuals: Floats, scores: Floats, segments: tuple[int, int, int]
) -> SpreadBreak:
    """Measure and test the break between two segments, lo to mid and mid to hi."""
    lo, mid, hi = segments
    left, right = scores[lo:mid], scores[mid:hi]
    gap = right.mean() - left.mean()
    gain = gap**2 * left.size * right.size / (hi - lo) / _INFLATION
    before = robust_scale(residuals[lo:mid])
    after = robust_scale(residuals[mid:hi])
    effect = float(np.log(after / before)) if min(before, after) > 0 else float("nan")
    return SpreadBreak(
        place=mid,
        effect=effect,
        statistic=float(gain),
        p_value=p_value(gain, residuals.size),
        before=before,
        after=after,
    )
