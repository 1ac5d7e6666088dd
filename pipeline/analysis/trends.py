"""Which breaks of level and slope does one series have? Candidates, then proof of each.

Segmentation proposes; a break stays when its p-value holds against the whole series
searched, and when no smooth curve over its two segments explains them as well. The
weakest goes first, and its neighbours are judged again without it.

This file is plain Python over compiled leaves: numba's cache looks at the file of the
function only, so a compiled caller would keep the code of a callee that has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.fits import LEVEL, SLOPE, best_break, line, smooth_residual_sum
from pipeline.analysis.noise import noise, tame
from pipeline.analysis.segmentation import segment
from pipeline.analysis.tails import p_value

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_POINTS = 8
_LEAST_SIZE = 3
# What a segment costs in units of the long-run variance, per log n: modified BIC of
# Zhang & Siegmund (2007) counts a level and twice its place; a line has a slope more.
_LEVEL_PRICE, _LINE_PRICE = 3.0, 4.0
# Shares of the range under which a difference is rounding.
_ROUNDING = 1e-6
_DOUBT = 0.25


@dataclass(frozen=True)
class Trend:
    """Breaks of level and slope, ascending, and what is left when all is fitted.

    `places` are first points of new segments, `kinds` LEVEL or SLOPE. The columns of
    `facts` are the effect in standard deviations of the noise, the gain in long-run
    variances, the p-value, and before and after: levels at the last point before a
    jump and the first after it, slopes per step beside a bend. `residuals` are of the
    finest segmentation, curves included.
    """

    places: Ints
    kinds: Ints
    facts: Floats
    residuals: Floats


@dataclass(frozen=True)
class _Scales:
    """The variance of the noise, over the long run too; the level of a test.

    `end` is where a curve may decay to 0, infinite where none may.
    """

    variance: float
    long_run: float
    alpha: float
    end: float


def trend_breaks(
    steps: Floats,
    values: Floats,
    alpha: float,
    *,
    growth: float = 1.0,
    inflation: float = 1.0,
    runs_out: bool = False,
) -> Trend:
    """The breaks of a series that is not constant and has MIN_POINTS or more.

    `growth` is that of the variance of averages (memory.py), `inflation` multiplies the
    noise variance, where it is known to vary. `runs_out`
    says that values may follow a learning rate that decays to nothing at the end.
    """
    span, low, high = steps[-1] - steps[0], values.min(), values.max()
    x = (steps - steps[0]) / span
    raw = (values - np.median(values)) / (high - low)
    y = tame(x, raw)
    floor = _ROUNDING**2
    sigma2, _ = noise(x, y, np.zeros(0, np.int64))
    starts, _ = _propose(x, y, max(sigma2, floor))
    sigma2, rho = noise(x, y, starts[1:])
    sigma2 = max(sigma2, floor) * inflation
    long_run = sigma2 * max((1.0 + rho) / (1.0 - rho), growth)
    scales = _Scales(sigma2, long_run, alpha, 1.0 if runs_out else np.inf)
    starts, is_sloped = _propose(x, y, long_run)
    residuals = _residuals(x, raw, starts, is_sloped)
    if is_sloped and _is_a_curve(x, y, starts, scales):
        starts = starts[:1]
    places, facts = _prove(x, y, starts, is_sloped, scales)
    is_slope = places[:, 1] == SLOPE
    unit = np.where(is_slope, (high - low) / span, high - low)
    shift = np.where(is_slope, 0.0, np.median(values))
    facts[:, 3:] = facts[:, 3:] * unit[:, None] + shift[:, None]
    return Trend(places[:, 0], places[:, 1], facts, residuals)


def _propose(x: Floats, y: Floats, variance: float) -> tuple[Ints, bool]:
    """Starts of the better of the two segmentations, and whether it is of lines."""
    unit = variance * np.log(x.size)
    prices = (_LEVEL_PRICE * unit, _LINE_PRICE * unit)
    # Three wild points in a row are no segment of a long series.
    size = max(_LEAST_SIZE, round(np.log(x.size)))
    levels, cost, lines, sloped_cost = segment(x, y, prices, (size, size + 1))
    # The first segment has no place to pay for.
    cost -= 2.0 * unit
    sloped_cost -= 2.0 * unit
    if sloped_cost < cost:
        return lines, True
    return levels, False


def _residuals(x: Floats, y: Floats, starts: Ints, is_sloped: bool) -> Floats:
    pieces = []
    for lo, hi in pairwise([*starts.tolist(), x.size]):
        level, slope = line(x[lo:hi], y[lo:hi]) if is_sloped else (y[lo:hi].mean(), 0.0)
        pieces.append(y[lo:hi] - level - slope * x[lo:hi])
    return np.concatenate(pieces)


def _is_a_curve(x: Floats, y: Floats, starts: Ints, scales: _Scales) -> bool:
    """Whether one cubic does as well as all the bends, each two parameters."""
    left = (_residuals(x, y, starts, is_sloped=True) ** 2).sum()
    price = scales.long_run * np.log(x.size)
    bends = left + 2.0 * price * (starts.size - 1)
    return bool(smooth_residual_sum(x, y, scales.end) + 2.0 * price < bends)


def _prove(
    x: Floats, y: Floats, starts: Ints, is_sloped: bool, scales: _Scales
) -> tuple[Ints, Floats]:
    """Take out the least certain break until every one left is significant."""
    n = x.size
    while True:
        k = starts.size - 1
        places, facts = np.zeros((k, 2), np.int64), np.zeros((k, 5))
        for b in range(k):
            lo, mid = starts[b], starts[b + 1]
            hi = starts[b + 2] if b + 2 < starts.size else n
            place, kind, gain = _judge(x[lo:hi], y[lo:hi], mid - lo, is_sloped, scales)
            places[b, 0], places[b, 1] = lo + place, kind
            facts[b, 1] = gain
            facts[b, 2] = p_value(gain, n)
            _measure(x, y, (lo, lo + place, hi), is_sloped, places[b], facts[b])
            facts[b, 0] /= np.sqrt(scales.variance)
        if k == 0:
            return places, facts
        worst = np.argmax(facts[:, 2])
        if facts[worst, 2] <= scales.alpha:
            return places, facts
        starts = np.delete(starts, worst + 1)


def _judge(
    x: Floats, y: Floats, guess: int, is_sloped: bool, scales: _Scales
) -> tuple[int, int, float]:
    """Place, kind and gain over no break, in long-run variances; 0 for a curve."""
    if not is_sloped:
        before, after = y[:guess], y[guess:]
        split = ((before - before.mean()) ** 2).sum() + (
            (after - after.mean()) ** 2
        ).sum()
        whole = ((y - y.mean()) ** 2).sum()
        return guess, LEVEL, (whole - split) / scales.long_run
    price = scales.long_run * np.log(x.size)
    reach = 5 + x.size // 10
    place, kind, left, cost = best_break(x, y, guess, reach, price)
    # A bend and its place are two parameters, as a cubic has beyond a line: equal in
    # cost, and the curve has the benefit of the doubt.
    if smooth_residual_sum(x, y, scales.end) < cost - price + _DOUBT * price:
        return place, kind, 0.0
    level, slope = line(x, y)
    whole = ((y - level - slope * x) ** 2).sum()
    return place, kind, (whole - left) / scales.long_run


def _measure(
    x: Floats,
    y: Floats,
    bounds: tuple[int, int, int],
    is_sloped: bool,
    place: Ints,
    facts: Floats,
) -> None:
    """Fill effect, before and after of one break."""
    lo, mid, hi = bounds
    if not is_sloped:
        facts[3], facts[4] = y[lo:mid].mean(), y[mid:hi].mean()
        facts[0] = facts[4] - facts[3]
        return
    a0, b0 = line(x[lo:mid], y[lo:mid])
    a1, b1 = line(x[mid:hi], y[mid:hi])
    if place[1] == LEVEL:
        # Each level where its own line ends: a curve's line, drawn on by a step, may
        # leave the range of all values. The jump is what the trend does not explain.
        facts[3], facts[4] = a0 + b0 * x[mid - 1], a1 + b1 * x[mid]
        between = (x[mid - 1] + x[mid]) / 2
        facts[0] = (a1 - a0) + (b1 - b0) * between
    else:
        facts[3], facts[4] = b0, b1
        # How far the two lines part over the shorter of the two segments.
        facts[0] = (b1 - b0) * min(x[hi - 1] - x[mid - 1], x[mid - 1] - x[lo])
