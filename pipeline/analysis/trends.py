"""Which breaks of level and slope does one series have? Candidates, then proof of each.

Segmentation proposes; a break stays when its p-value holds against the whole series
searched, and when no smooth curve over its two segments explains them as well. The
weakest goes first, and its neighbours are judged again without it.

This file is plain Python over compiled leaves: numba's cache looks at the file of the
function only, so a compiled caller would keep the code of a callee that has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.fits import (
    LEVEL,
    SLOPE,
    best_break,
    line,
    smooth_residual_sum,
    warm_up_residual_sum,
)
from pipeline.analysis.intervals import place_interval
from pipeline.analysis.noise import noise, tame
from pipeline.analysis.segmentation import segment
from pipeline.analysis.sizes import Bounds, levels_beside, lines_beside
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


@dataclass(frozen=True, kw_only=True)
class TrendBreak:
    """One break of level or slope; `place` is the first point of the new segment.

    `kind` is LEVEL or SLOPE, `effect` counts standard deviations of the noise, `gain`
    long-run variances. `before` and `after` are levels at the last point before a jump
    and the first after it, or slopes per step beside a bend. It lies within places
    `ci_low` to `ci_high` with 95 % confidence.
    """

    place: int
    ci_low: int
    ci_high: int
    kind: int
    effect: float
    gain: float
    p_value: float
    before: float
    after: float


@dataclass(frozen=True)
class Trend:
    """Breaks of level and slope, ascending, and what is left when all is fitted.

    `residuals` are of the finest segmentation, curves included.
    """

    breaks: tuple[TrendBreak, ...]
    residuals: Floats

    @property
    def places(self) -> Ints:
        return np.array([each.place for each in self.breaks], np.int64)


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
    noise variance, where it is known to vary. `runs_out` says that values may follow a
    learning rate that decays to nothing at the end.
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
    found = _prove(x, y, starts, is_sloped=is_sloped, scales=scales)
    middle = float(np.median(values))
    breaks = (_unscaled(each, span, high - low, middle) for each in found)
    return Trend(tuple(breaks), residuals)


def _unscaled(found: TrendBreak, span: float, size: float, middle: float) -> TrendBreak:
    """The same break, its levels or slopes in the units of the series."""
    is_slope = found.kind == SLOPE
    unit, shift = (size / span, 0.0) if is_slope else (size, middle)
    return replace(
        found,
        before=float(found.before * unit + shift),
        after=float(found.after * unit + shift),
    )


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
    x: Floats, y: Floats, starts: Ints, *, is_sloped: bool, scales: _Scales
) -> tuple[TrendBreak, ...]:
    """Take out the least certain break until every one left is significant."""
    while True:
        bounds = [*starts.tolist(), x.size]
        found = tuple(
            _test(x, y, segments, is_sloped=is_sloped, scales=scales)
            for segments in zip(bounds, bounds[1:], bounds[2:], strict=False)
        )
        if not found:
            return ()
        worst = np.argmax([each.p_value for each in found])
        if found[worst].p_value <= scales.alpha:
            return found
        starts = np.delete(starts, worst + 1)


def _test(
    x: Floats, y: Floats, segments: Bounds, *, is_sloped: bool, scales: _Scales
) -> TrendBreak:
    """Place, measure and test the break between segments lo to mid and mid to hi."""
    lo, mid, hi = segments
    place, kind, gain = _judge(
        x[lo:hi], y[lo:hi], mid - lo, is_sloped=is_sloped, scales=scales
    )
    refined = (lo, lo + place, hi)
    low, high = place_interval(
        x[lo:hi],
        y[lo:hi],
        place,
        kind=kind,
        is_sloped=is_sloped,
        variance=scales.long_run,
    )
    effect, before, after = (
        lines_beside(x, y, refined, kind) if is_sloped else levels_beside(y, refined)
    )
    return TrendBreak(
        place=lo + place,
        ci_low=lo + low,
        ci_high=lo + high,
        kind=kind,
        effect=float(effect / np.sqrt(scales.variance)),
        gain=gain,
        p_value=p_value(gain, x.size),
        before=before,
        after=after,
    )


def _judge(
    x: Floats, y: Floats, guess: int, *, is_sloped: bool, scales: _Scales
) -> tuple[int, int, float]:
    """Place, kind and gain over no break, in long-run variances; 0 for a curve."""
    price = scales.long_run * np.log(x.size)
    if not is_sloped:
        before, after = y[:guess], y[guess:]
        split = ((before - before.mean()) ** 2).sum() + (
            (after - after.mean()) ** 2
        ).sum()
        whole = ((y - y.mean()) ** 2).sum()
        # A warm-up has a height and a place too, and the benefit of the doubt.
        may_warm_up = np.isfinite(scales.end) and x[0] == 0.0
        if may_warm_up and warm_up_residual_sum(x, y) < split + _DOUBT * price:
            return guess, LEVEL, 0.0
        return guess, LEVEL, float((whole - split) / scales.long_run)
    reach = 5 + x.size // 10
    place, kind, left, cost = best_break(x, y, guess, reach, price)
    # A bend and its place are two parameters, as a cubic has beyond a line: equal in
    # cost, and the curve has the benefit of the doubt.
    if smooth_residual_sum(x, y, scales.end) < cost - price + _DOUBT * price:
        return place, kind, 0.0
    level, slope = line(x, y)
    whole = ((y - level - slope * x) ** 2).sum()
    return place, kind, float((whole - left) / scales.long_run)
