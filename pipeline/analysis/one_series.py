"""Where does one series break? All detectors over its steps and values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.analysis.abrupt import LONE_SERIES, Abrupt, Tails, abrupt_changes, rate_of
from pipeline.analysis.fits import SLOPE
from pipeline.analysis.memory import breaks_explain, memory_of
from pipeline.analysis.multiplicity import q_values
from pipeline.analysis.spread import spread_breaks
from pipeline.analysis.trends import MIN_POINTS, Trend, trend_breaks
from pipeline.errors import UsageError

Kind = Literal["level", "slope", "jump", "outlier"]
Status = Literal[
    "ok", "too_short", "constant", "no_value", "not_positive", "untestable"
]
Floats = NDArray[np.float64]

# Trends and single steps are two tests of one series.
N_DETECTORS = 2
# Two detectors that point within so many points of each other mean one break.
_NEAR = 2


@dataclass(frozen=True, kw_only=True)
class Break:
    """One break. `step` is the first of the new segment, or the outlying single step.

    A level or slope breaks at steps `ci_low` to `ci_high` with 95 % confidence; an
    outlying step is its own interval.
    `before` and `after` are levels (level, jump, outlier) or slopes per step (slope).
    `effect_size` counts standard deviations of the noise. `q_value` is NaN until every
    test of the search is known.
    """

    step: int
    ci_low: int
    ci_high: int
    kind: Kind
    before: float
    after: float
    effect_size: float
    p_value: float
    q_value: float = float("nan")


@dataclass(frozen=True)
class Scan:
    """The result of the detectors on one series of `n_points` finite values.

    `status` other than `ok` is the reason why no test was made: `untestable` is a
    series that wanders as a random walk does, so that its levels and slopes have no
    meaning.
    """

    status: Status
    n_points: int
    breaks: tuple[Break, ...] = ()


def find_breaks(
    steps: ArrayLike,
    values: ArrayLike,
    *,
    is_change: bool = False,
    alpha: float = 0.05,
) -> tuple[Break, ...]:
    """The breaks of one series whose q-value over the detectors is ≤ alpha.

    Steps ascend; values that are not finite are ignored. With `is_change`, values are
    sizes of change since the step before, as relative_change is. A series of fewer than
    eight points, or a constant one, has no break.
    Raises UsageError when lengths differ or steps repeat or descend.
    """
    scan = scan_series(steps, values, is_change=is_change, alpha=alpha)
    p = np.array([each.p_value for each in scan.breaks])
    q = q_values(p, N_DETECTORS)
    return tuple(
        with_q(each, float(value))
        for each, value in zip(scan.breaks, q, strict=True)
        if value <= alpha
    )


def with_q(found: Break, q_value: float) -> Break:
    """The same break with its q-value."""
    return replace(found, q_value=q_value)


def scan_series(
    steps: ArrayLike, values: ArrayLike, *, is_change: bool, alpha: float
) -> Scan:
    """Every break with a p-value ≤ alpha; q-values are not known yet (NaN)."""
    return scan_ready(prepare(steps, values, is_change=is_change), LONE_SERIES, alpha)


@dataclass(frozen=True)
class Ready:
    """The finite values of a series; the status says whether they can be tested."""

    status: Status
    steps: Floats
    values: Floats
    is_change: bool


def prepare(steps: ArrayLike, values: ArrayLike, *, is_change: bool) -> Ready:
    """Check a series, and leave out values that are not finite."""
    x, y = _checked(steps, values)
    keep = np.isfinite(y)
    # A change of 0 has no logarithm: the audits of a series report it.
    keep &= (y > 0) | (not is_change)
    n_finite = int(np.isfinite(y).sum())
    x, y = x[keep], y[keep]
    status: Status = "ok"
    if y.size == 0:
        status = "not_positive" if n_finite else "no_value"
    elif y.size < MIN_POINTS:
        status = "too_short"
    elif not y.max() > y.min():
        status = "constant"
    return Ready(status, x, y, is_change)


def scan_ready(series: Ready, tails: Tails, alpha: float) -> Scan:
    """Every break with a p-value ≤ alpha; `tails` are those of similar series."""
    if series.status != "ok":
        return Scan(series.status, series.values.size)
    status, breaks = _detect(series, tails, alpha)
    return Scan(status, series.values.size, breaks)


def _checked(steps: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    try:
        x, y = np.asarray(steps, np.float64), np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"steps and values of a series must be numbers: {error}",
            fix="Give integers as steps; NaN marks a value that is missing",
        ) from error
    if x.ndim != 1 or x.shape != y.shape:
        raise UsageError(
            f"steps have shape {x.shape} and values {y.shape}",
            fix="Give two lists of the same length",
        )
    bad = np.flatnonzero(~(np.diff(x) > 0))
    if bad.size:
        first = int(bad[0])
        raise UsageError(
            f"step {x[first + 1]:g} follows step {x[first]:g}",
            fix="Sort the series by step, and keep one value of each step",
        )
    return x, y


def _detect(
    series: Ready, tails: Tails, alpha: float
) -> tuple[Status, tuple[Break, ...]]:
    x, y, is_change = series.steps, series.values, series.is_change
    levels = rate_of(x, y, is_change=True) if is_change else y
    memory = memory_of(levels)
    growth = 1.0 if memory.is_long else memory.growth
    trend = _trend(x, levels, alpha, growth, runs_out=is_change)
    status: Status = "ok"
    if memory.is_long and not breaks_explain(levels, trend.residuals, trend.places):
        status, found = "untestable", []
    else:
        found = _trend_breaks(x, trend)
    if is_change:
        found = [(place, _of_logarithm(each)) for place, each in found]
    for each in abrupt_changes(x, y, alpha, is_change=is_change, tails=tails):
        # A jump in the increments is also a break of level, or within its tails.
        is_asked = is_change or each.kind == "outlier"
        if is_asked and not _is_near(each.place, found, reach=_NEAR):
            found.append((each.place, _abrupt_break(x, each)))
    return status, tuple(each for _, each in sorted(found, key=lambda pair: pair[0]))


def _trend(
    x: Floats, levels: Floats, alpha: float, growth: float, *, runs_out: bool
) -> Trend:
    """Breaks of level and slope; where the noise varies, the largest noise is used."""
    trend = trend_breaks(x, levels, alpha, growth=growth, runs_out=runs_out)
    found = spread_breaks(trend.residuals, alpha)
    if not found:
        return trend
    sizes = np.array([*(each.before for each in found), found[-1].after]) ** 2
    inflation = float(sizes.max() / max(np.median(trend.residuals**2) * 2.2, 1e-30))
    more = max(inflation, 1.0)
    return trend_breaks(
        x, levels, alpha, growth=growth, inflation=more, runs_out=runs_out
    )


def _trend_breaks(x: Floats, trend: Trend) -> list[tuple[int, Break]]:
    found = []
    for each in trend.breaks:
        is_slope = each.kind == SLOPE
        # A corner belongs to both lines: its step is where they meet.
        at = each.place - is_slope
        as_break = Break(
            step=int(x[at]),
            ci_low=int(x[each.ci_low - is_slope]),
            ci_high=int(x[each.ci_high - is_slope]),
            kind="slope" if is_slope else "level",
            before=each.before,
            after=each.after,
            effect_size=each.effect,
            p_value=each.p_value,
        )
        found.append((at, as_break))
    return found


def _abrupt_break(x: Floats, found: Abrupt) -> Break:
    step = int(x[found.place])
    return Break(
        step=step,
        ci_low=step,
        ci_high=step,
        kind="outlier" if found.kind == "outlier" else "jump",
        before=float(found.before),
        after=float(found.after),
        effect_size=float(found.z),
        p_value=float(found.p_value),
    )


def _of_logarithm(found: Break) -> Break:
    """The same break, its levels turned from logarithms into sizes of change."""
    if found.kind == "slope":
        return found
    before, after = float(np.exp(found.before)), float(np.exp(found.after))
    return replace(found, before=before, after=after)


def _is_near(place: int, found: list[tuple[int, Break]], *, reach: int) -> bool:
    return any(abs(place - other) <= reach for other, _ in found)
