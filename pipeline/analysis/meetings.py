"""At which steps do the tensors of a series change together, beyond its other steps?

Each step has one statistic over all tensors: the sum of their squared heights, in units
of the usual height. What the tensors share, and how noise is distributed, is estimated
from the statistic at the other steps. The largest values are taken out one after
another, so that none hides the next; they are meetings if the gap between them and the
rest is larger than the gaps within the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.contrasts import SIDE, spikes, steps

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shape = Literal["step", "spike"]

# Height, in usual heights, from which a tensor counts as changed.
MEMBER_HEIGHT = 2.5
# Cap on the height of one tensor where there are _FEW or more: an outlier in one tensor
# is no event of the series.
_MOST_HEIGHT, _FEW = 5.0, 5
# At most one step in so many is tested, and so many in all.
_SHARE, _MOST = 12, 16
# Number of gaps in the rest from which the usual gap is estimated.
_MOST_GAPS, _LEAST_GAPS = 30, 5


@dataclass(frozen=True)
class Meeting:
    """A step, by its place, that stands out, and each tensor's height in usual heights.

    `p_value` is the chance of the gap between all steps that stand out and the rest.
    """

    place: int
    shape: Shape
    z: Floats
    p_value: float


def find_meetings(values: Floats, shape: Shape, alpha: float) -> list[Meeting]:
    """Meetings of the rows of `values` (tensor, step) with p ≤ alpha, in order."""
    rest = np.array(values, np.float64, order="C")
    measure = steps if shape == "step" else spikes
    apart = SIDE - 1 if shape == "step" else 0
    most = min(max(values.shape[1] // _SHARE, 2), _MOST)
    places: list[int] = []
    taken: list[Floats] = []
    found: list[Meeting] = []
    for _ in range(most + 1):
        heights, scales = measure(rest)
        sums = _sums(_over(heights, scales))
        others = _peaks(sums, places, apart)
        if places:
            now = [
                _over(height, scales[:, t])
                for height, t in zip(taken, places, strict=True)
            ]
            least = min(float(_sums(z)) for z in now)
            p = gap_p_value(least, sums[others], rank=len(places))
            if p <= alpha:
                found = [
                    Meeting(t, shape, z, p) for t, z in zip(places, now, strict=True)
                ]
        if not others.size:
            break
        top = int(others[0])
        places.append(top)
        taken.append(heights[:, top])
        _take_out(rest, top, shape, _members(heights, scales, top))
    return sorted(found, key=lambda meeting: meeting.place)


def gap_p_value(least: float, others: Floats, *, rank: int) -> float:
    """Chance of a gap as large as that from the descending `others` up to `least`.

    `least` is the `rank`-th largest of all. The i-th gap of a sample with an
    exponential tail, times i, is one exponential variable for all i (Rényi 1953), so
    that the ratio of this one to the mean of the next m has the tail (1 +
    ratio/m)^(−m). All ranks are tested: the p-value of rank k is multiplied by k(k +
    1), whose inverses add to 1.
    """
    others = others[others > 0.0]
    m = min(max(others.size // 2, _LEAST_GAPS), _MOST_GAPS)
    if others.size <= m:
        return 1.0
    gaps = (others[:m] - others[1 : m + 1]) * np.arange(rank + 1, rank + m + 1)
    usual = float(gaps.mean())
    gap = rank * (least - float(others[0]))
    if gap <= 0.0 or usual <= 0.0:
        return float(gap <= 0.0)
    return min(1.0, rank * (rank + 1) * float((1.0 + gap / (m * usual)) ** -m))


def _sums(z: Floats) -> Floats:
    """Sums over tensors of squared heights, each capped where there are several."""
    most = _MOST_HEIGHT if z.shape[0] >= _FEW else np.inf
    return np.asarray((np.minimum(np.abs(z), most) ** 2).sum(axis=0))


def _over(heights: Floats, scales: Floats) -> Floats:
    return np.divide(heights, scales, out=np.zeros_like(heights), where=scales > 0.0)


def _members(heights: Floats, scales: Floats, at: int) -> Floats:
    """Heights at a place, of the tensors that take part; 0 of the others."""
    part = np.abs(_over(heights[:, at], scales[:, at])) >= MEMBER_HEIGHT
    return np.where(part, heights[:, at], 0.0)


def _take_out(values: Floats, at: int, shape: Shape, heights: Floats) -> None:
    if shape == "step":
        values[:, at:] -= heights[:, None]
    else:
        values[:, at] -= heights


def _peaks(sums: Floats, places: list[int], apart: int) -> Ints:
    """Places of positive sums, the largest first, each apart from those before it."""
    free = sums > 0.0
    for place in places:
        free[max(place - apart, 0) : place + apart + 1] = False
    peaks = []
    for place in np.argsort(-sums, kind="stable").tolist():
        if free[place]:
            peaks.append(place)
            free[max(place - apart, 0) : place + apart + 1] = False
    return np.array(peaks, np.int64)
