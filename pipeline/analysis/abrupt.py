"""Which single steps stand out from those around them? A robust local z.

A size of change by step (relative_change) is judged by its logarithm, a level by its
increments; an increment that the next one undoes is an outlier, not a jump. The weight
of the tails is estimated from the series itself, so that heavy tails are no event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.analysis.tails import (
    LEAST_FREEDOM,
    TAIL_QUANTILE,
    degrees_of_freedom,
    two_sided,
)

Floats = NDArray[np.float64]

MIN_POINTS = 10
_CENTRE_REACH, _SCALE_REACH = 5, 20
# Neighbours on each side: a spike of up to two points does not move their median. A
# spike lies off both medians by at least this share of its height.
_SIDE, _LEAST_OFF = 3, 0.5


@dataclass(frozen=True)
class Tails:
    """How heavy the tails of z are assumed to be before the series' own are estimated.

    `ratio` is the 80 % over the 50 % quantile of |z|, seen in `n_points` points.
    """

    ratio: float
    n_points: float


# Tails of a series that is judged without any other.
LONE_SERIES = Tails(0.0, 0.0)
_FEW_POINTS = 200.0
# Tails of other series never count for more than this many points of a series' own.
_MOST_POINTS = 1000.0


@dataclass(frozen=True)
class Abrupt:
    """One step that stands out: its index, `outlier` or `jump`, z and p-value."""

    place: int
    kind: str
    z: float
    p_value: float
    before: float
    after: float


def abrupt_changes(
    steps: Floats,
    values: Floats,
    alpha: float,
    *,
    is_change: bool,
    tails: Tails = LONE_SERIES,
) -> tuple[Abrupt, ...]:
    """Steps whose p-value, over all steps of the series, is at most `alpha`.

    `is_change`: values are sizes of change since the step before, all positive.
    """
    if values.size < MIN_POINTS:
        return ()
    rate = rate_of(steps, values, is_change=is_change)
    shift = 0 if is_change else 1
    z, centre = local_z(rate)
    p = _p_values(z, tails)
    found = []
    for i in np.flatnonzero(p <= alpha).tolist():
        if not _is_spike(rate, i, float(rate[i] - centre[i])):
            continue
        # The level before a change is what the line through its neighbours gives at
        # v[i].
        before = values[i] * np.exp(centre[i] - rate[i]) if is_change else values[i]
        kind = "jump"
        if not is_change and _is_taken_back(rate, z, i):
            kind = "outlier"
        elif not is_change and i and _is_taken_back(rate, z, i - 1):
            continue
        found.append(
            Abrupt(
                i + shift,
                kind,
                float(z[i]),
                float(p[i]),
                float(before),
                float(values[i + shift]),
            )
        )
    return tuple(found)


def own_tails(steps: Floats, values: Floats, *, is_change: bool) -> Tails:
    """The tails estimated from one series; LONE_SERIES where it is too short."""
    if values.size < MIN_POINTS:
        return LONE_SERIES
    z, _ = local_z(rate_of(steps, values, is_change=is_change))
    judged = np.abs(z[2:-2])
    median = float(np.median(judged))
    if median == 0.0:
        return LONE_SERIES
    return Tails(float(np.quantile(judged, TAIL_QUANTILE)) / median, float(judged.size))


def pool(tails: Sequence[Tails]) -> Tails:
    """The tails of many series of one kind: the median over the series."""
    known = [each for each in tails if each.n_points > 0]
    points = min(sum(each.n_points for each in known), _MOST_POINTS)
    if points < _FEW_POINTS:
        return LONE_SERIES
    return Tails(float(np.median([each.ratio for each in known])), points)


def rate_of(steps: Floats, values: Floats, *, is_change: bool) -> Floats:
    """The logarithm of a change over a usual stride; the increments of a level."""
    if not is_change:
        return np.diff(values)
    # Over a longer stride weights move further: as √stride in a random walk.
    strides = np.diff(steps, prepend=2 * steps[0] - steps[1])
    return np.log(values) - 0.5 * np.log(strides / np.median(strides))


@njit(nogil=True, cache=True)
def local_z(v: Floats) -> tuple[Floats, Floats]:
    """Robust z of each value from the line through its neighbours, and that line.

    z is 0 for the first and last two values, which have too few neighbours on one side,
    and where no neighbour moves at all.
    """
    n = v.size
    centre, rest, z = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        lo, hi = max(i - _CENTRE_REACH, 0), min(i + _CENTRE_REACH + 1, n)
        centre[i] = _on_the_line(v, lo, i, hi)
        rest[i] = v[i] - centre[i]
    least = 0.5 * 1.4826 * np.median(np.abs(rest))
    for i in range(2, n - 2):
        lo, hi = max(i - _SCALE_REACH, 0), min(i + _SCALE_REACH + 1, n)
        near = np.abs(np.concatenate((rest[lo:i], rest[i + 1 : hi])))
        scale = max(1.4826 * np.median(near), least)
        if scale > 0.0:
            z[i] = rest[i] / scale
    return z, centre


@njit(nogil=True, cache=True)
def _on_the_line(v: Floats, lo: int, i: int, hi: int) -> float:
    """Theil–Sen line through v[lo:hi] without v[i], at i."""
    m = hi - lo - 1
    slopes, levels = np.empty(m * (m - 1) // 2), np.empty(m)
    k = 0
    for a in range(lo, hi):
        for b in range(a + 1, hi):
            if i not in (a, b):
                slopes[k] = (v[b] - v[a]) / (b - a)
                k += 1
    slope = np.median(slopes[:k])
    k = 0
    for a in range(lo, hi):
        if a != i:
            levels[k] = v[a] - slope * (a - i)
            k += 1
    return np.median(levels)


def _p_values(z: Floats, tails: Tails) -> Floats:
    """Two-sided p-values, multiplied by the number of steps."""
    p = np.ones(z.size)
    freedom = tail_freedom(z, tails)
    for i in np.flatnonzero(np.abs(z) > 3.0).tolist():
        p[i] = min(1.0, (z.size - 4) * two_sided(float(z[i]), freedom))
    return p


def tail_freedom(z: Floats, tails: Tails) -> int:
    """Degrees of freedom of the Student t that a series' z are compared with.

    A few dozen points cannot distinguish a normal distribution from heavy tails. A lone
    series is therefore assumed to be heavy-tailed; one of many has the tails that are
    estimated from all of them.
    """
    if tails.n_points < _FEW_POINTS:
        return LEAST_FREEDOM
    judged = np.abs(z[2:-2])
    median = float(np.median(judged))
    own = float(np.quantile(judged, TAIL_QUANTILE)) / median if median else tails.ratio
    points = judged.size + tails.n_points
    ratio = (judged.size * own + tails.n_points * tails.ratio) / points
    # A scale estimated from few neighbours makes the tails heavier.
    most = 0.4 * min(z.size - 1, 2 * _SCALE_REACH)
    return degrees_of_freedom(ratio * (1.0 + 0.7 / np.sqrt(points)), most)


def _is_spike(rate: Floats, i: int, height: float) -> bool:
    """Whether a value lies off both sides' medians; the corner of a bend does not."""
    sides = rate[max(i - _SIDE, 0) : i], rate[i + 1 : i + 1 + _SIDE]
    off = [float(rate[i] - np.median(side)) / height for side in sides]
    return min(off) >= _LEAST_OFF


def _is_taken_back(rate: Floats, z: Floats, i: int) -> bool:
    """Whether the next increment undoes most of this one."""
    if i + 1 >= rate.size or abs(z[i + 1]) < 0.5 * abs(z[i]):
        return False
    return bool(abs(rate[i] + rate[i + 1]) < 0.5 * abs(rate[i]))
