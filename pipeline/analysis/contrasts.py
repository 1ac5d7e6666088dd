"""At which places does a series step, or spike, beyond what it does on both sides?

A step is the median of three points less that of the three before; a spike is one point
less its neighbours. The height of each is its excess over the steps or spikes on its
left and on its right, whichever are nearer. A smooth trend changes in one direction, so
its steepest piece lies between its neighbours and has height 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Points on each side whose medians make a step, and steps on each side to compare it
# with.
SIDE = 3
_LIKE = 20
# Neighbours on each side that a spike is compared with: two may be spikes themselves.
_NEIGHBOURS = 5
# Points on each side to which a line is fitted.
_LINE = 8
# Places on each side from which the usual height is estimated.
_SCALE_REACH = 25
_LEAST_SHARE = 0.5
# Points that a step needs on each side.
STEP_EDGE = 2 * SIDE
SPIKE_EDGE = 3


@njit(nogil=True, cache=True)
def steps(values: Floats) -> tuple[Floats, Floats]:
    """Heights of the steps up to each point of each row, and the usual height there.

    Heights are 0 where a step lies between those on its sides, and near the ends.
    """
    m, n = values.shape
    heights, scales = np.zeros((m, n)), np.zeros((m, n))
    for i in range(m):
        size, rest = np.zeros(n), np.zeros(n)
        for t in range(SIDE, n - SIDE + 1):
            after = np.median(values[i, t : t + SIDE])
            size[t] = after - np.median(values[i, t - SIDE : t])
        for t in range(STEP_EDGE, n - STEP_EDGE + 1):
            left = np.median(size[max(SIDE, t - SIDE - _LIKE) : t - SIDE + 1])
            right = np.median(size[t + SIDE : min(n - SIDE + 1, t + SIDE + _LIKE + 1)])
            heights[i, t] = _beyond_both(size[t] - left, size[t] - right)
            rest[t] = size[t] - 0.5 * (left + right)
        scales[i] = _usual(rest, STEP_EDGE, n - STEP_EDGE + 1)
    return heights, scales


@njit(nogil=True, cache=True)
def spikes(values: Floats) -> tuple[Floats, Floats]:
    """Heights of each point of each row beyond its neighbours, and the usual height.

    The neighbours are the median of a side, or the line through it, whichever is
    nearer: the corner in which a warm-up ends is therefore no spike.
    """
    m, n = values.shape
    heights, scales = np.zeros((m, n)), np.zeros((m, n))
    for i in range(m):
        row, rest = values[i], np.zeros(n)
        for t in range(SPIKE_EDGE, n - SPIKE_EDGE):
            left = row[max(0, t - _NEIGHBOURS) : t]
            right = row[t + 1 : t + 1 + _NEIGHBOURS]
            over = row[t] - np.median(left), row[t] - np.median(right)
            beyond = _slope(row[max(0, t - _LINE) : t]) * 0.5 * (left.size + 1)
            before = _slope(row[t + 1 : t + 1 + _LINE]) * 0.5 * (right.size + 1)
            flat = _beyond_both(over[0], over[1])
            led = _beyond_both(over[0] - beyond, over[1] + before)
            heights[i, t] = _beyond_both(flat, led)
            rest[t] = 0.5 * (over[0] + over[1])
        scales[i] = _usual(rest, SPIKE_EDGE, n - SPIKE_EDGE)
    return heights, scales


@njit(nogil=True, cache=True)
def _slope(values: Floats) -> float:
    """The median slope of all pairs (Theil 1950), per point."""
    m = values.size
    slopes = np.empty(m * (m - 1) // 2)
    k = 0
    for a in range(m):
        for b in range(a + 1, m):
            slopes[k] = (values[b] - values[a]) / (b - a)
            k += 1
    return np.median(slopes)


@njit(nogil=True, cache=True)
def _beyond_both(over_left: float, over_right: float) -> float:
    if over_left > 0.0 and over_right > 0.0:
        return min(over_left, over_right)
    if over_left < 0.0 and over_right < 0.0:
        return max(over_left, over_right)
    return 0.0


@njit(nogil=True, cache=True)
def _usual(rest: Floats, first: int, end: int) -> Floats:
    """1.4826 · median |rest| around each place in [first, end), 0 outside.

    At least half of the median over the whole row: some places are quiet by chance.
    """
    usual = np.zeros(rest.size)
    if end <= first:
        return usual
    size = np.abs(rest)
    least = _LEAST_SHARE * np.median(size[first:end])
    for t in range(first, end):
        low, high = max(first, t - _SCALE_REACH), min(end, t + _SCALE_REACH + 1)
        usual[t] = 1.4826 * max(np.median(size[low:high]), least)
    return usual
