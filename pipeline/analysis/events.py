"""At which few steps did the series of one metric change together?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.abrupt import rate_of
from pipeline.analysis.contrasts import SIDE, STEP_EDGE
from pipeline.analysis.meetings import MEMBER_HEIGHT, Meeting, find_meetings

Floats = NDArray[np.float64]
Kind = Literal["level", "jump"]

# Least share of the tested series that change at an event.
MIN_AGREEMENT = 0.1
# The share of quiet training runs in which an event may be found.
EVENT_ALPHA = 0.01
# A step is compared with both its sides and with a few other steps.
MIN_POINTS = 2 * STEP_EDGE + 6
# Every metric is tested for both shapes.
_N_SHAPES = 2
# Tails heavier than exponential have larger gaps: measured over quiet training runs, a
# gap is so many times as likely as its exponential chance (docs/calibration.md).
_ALLOWANCE = 6.7
# A burst and the step that begins it are one event.
_NEAR = 1
# The share of a rise that must stay.
_LEAST_LEFT = 0.5
# A step is moved by at most so many places, to the best fit over so many points a side.
_REFINED, _WINDOW = 2, 5


@dataclass(frozen=True)
class Event:
    """A step at which `n_series` of `n_tested` series of a metric change.

    `kind` is `level` where the change stays, `jump` where a size of change differs for
    one step alone. `effect_size` is the median height of the series that change, in
    robust standard deviations of the heights at the other steps. `p_value` is over all
    steps and both shapes.
    """

    step: int
    first_step: int
    last_step: int
    kind: Kind
    n_series: int
    n_tested: int
    effect_size: float
    p_value: float

    @property
    def agreement(self) -> float:
        return self.n_series / self.n_tested

    def evidence(self, member: str = "tensor") -> str:
        """The event in words."""
        if self.n_tested == 1:
            return f"{self.kind} at step {self.step}"
        who = f"{self.n_series} of {self.n_tested} {member}s"
        return f"{who} break at step {self.step}"


def find_events(
    steps: Sequence[int] | Floats,
    values: Floats,
    *,
    is_change: bool = False,
    min_agreement: float = MIN_AGREEMENT,
    alpha: float = EVENT_ALPHA,
) -> list[Event]:
    """Events with p ≤ alpha among the rows of `values` (series, step), by step.

    All values are finite; sizes of change are positive and judged by their logarithm.
    Series that never move are not tested; fewer than MIN_POINTS steps have no event.
    """
    grid = np.asarray(steps, np.float64)
    moving = values[values.max(axis=1, initial=-np.inf) > values.min(axis=1)]
    if grid.size < MIN_POINTS or not moving.shape[0]:
        return []
    if is_change:
        levels = np.stack([rate_of(grid, row, is_change=True) for row in moving])
        rises = levels
    else:
        # The unit has no meaning here, and sums over many magnitudes lose digits.
        levels = moving - np.median(moving, axis=1, keepdims=True)
        rises = np.diff(levels, axis=1, prepend=levels[:, :1])
    asked = alpha / (_N_SHAPES * _ALLOWANCE)
    stays: list[tuple[Kind, Meeting]] = [
        ("level", replace(each, place=_best_place(levels, each)))
        for each in find_meetings(levels, "step", asked)
    ]
    at_once = find_meetings(rises, "spike", asked)
    bursts: list[tuple[Kind, Meeting]] = [
        ("jump" if is_change else "level", each)
        for each in at_once
        if is_change or _stays(levels, rises, each)
    ]
    events = [
        _event(grid, kind, [meeting, *others], moving.shape[0])
        for kind, meeting, others in _merged([*stays, *bursts])
    ]
    return [event for event in events if event.agreement >= min_agreement]


def _stays(levels: Floats, rises: Floats, rise: Meeting) -> bool:
    """Whether most of a rise is left in the levels; without that it is an outlier."""
    at = rise.place
    after = np.median(levels[:, at : at + SIDE], axis=1)
    left = after - np.median(levels[:, max(at - SIDE, 0) : at], axis=1)
    is_member = np.abs(rise.z) >= MEMBER_HEIGHT
    share = left[is_member] / rises[is_member, at]
    return bool(share.size and np.median(share) >= _LEAST_LEFT)


def _merged(
    found: list[tuple[Kind, Meeting]],
) -> list[tuple[Kind, Meeting, list[Meeting]]]:
    """Each event once, as the shape that most series show, with the other shapes."""
    left = sorted(found, key=lambda pair: (-_members(pair[1]), pair[1].place))
    events: list[tuple[Kind, Meeting, list[Meeting]]] = []
    while left:
        kind, top = left.pop(0)
        beside = [
            each
            for _, each in left
            if each.shape != top.shape and abs(each.place - top.place) <= _NEAR
        ]
        left = [pair for pair in left if not any(pair[1] is each for each in beside)]
        events.append((kind, top, beside))
    return sorted(events, key=lambda event: event[1].place)


def _members(meeting: Meeting) -> int:
    return int((np.abs(meeting.z) >= MEMBER_HEIGHT).sum())


def _event(grid: Floats, kind: Kind, shown: list[Meeting], n_tested: int) -> Event:
    top = shown[0]
    places = [each.place for each in shown]
    size = np.abs(top.z)
    is_member = size >= MEMBER_HEIGHT
    return Event(
        step=int(grid[top.place]),
        first_step=int(grid[min(places)]),
        last_step=int(grid[max(places)]),
        kind=kind,
        n_series=int(is_member.sum()),
        n_tested=n_tested,
        effect_size=float(np.median(size[is_member])) if is_member.any() else 0.0,
        p_value=min(1.0, _N_SHAPES * _ALLOWANCE * min(e.p_value for e in shown)),
    )


def _best_place(levels: Floats, meeting: Meeting) -> int:
    """The place, near that of the meeting, at which a step fits its members best."""
    n, at = levels.shape[1], meeting.place
    low, high = max(at - _WINDOW, 0), min(at + _WINDOW, n)
    chosen = np.abs(meeting.z) >= MEMBER_HEIGHT
    part = levels[chosen] if chosen.any() else levels
    near = part[:, low:high]
    scale = np.maximum(near.var(axis=1, keepdims=True), 1e-300)
    places = range(max(at - _REFINED, low + 1), min(at + _REFINED, high - 1) + 1)

    def left(place: int) -> float:
        sides = near[:, : place - low], near[:, place - low :]
        rest = [side - side.mean(axis=1, keepdims=True) for side in sides]
        return float((np.concatenate(rest, axis=1) ** 2 / scale).sum())

    return min(places, key=left)
