"""At which few steps do many series break together? Breaks merged into events.

A tensor has turns of its own. What a run went through shows in many tensors at one
step: an event is a step at which a fair share of the series break, and more of them
than would if each broke wherever it liked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from pipeline.analysis.agreement import chance_of_meeting
from pipeline.analysis.change_points import ChangePoints

# Of the series tested; fewer are turns of single tensors, and listed as such.
MIN_AGREEMENT = 0.1
# So improbable must a meeting be: a run has many metrics that could have shown one.
MEETING_ALPHA = 0.01
# Breaks so many checkpoints from the step that most series name are told with it.
REACH = 2
# One step in so many is a moment of the run: series agree that break within it.
_MOMENTS = 50


@dataclass(frozen=True)
class Event:
    """Breaks of `n_series` of `n_tested` series at one step.

    A long grid lets them miss it by a checkpoint or two. `first_step` and `last_step`
    span all breaks that are told with it. `agreement` is n_series / n_tested;
    `effect_size` the median magnitude of its breaks; `p_value` the chance that so many
    meet, None for a single series; `q_value` that of its surest break.
    """

    step: int
    first_step: int
    last_step: int
    kinds: str
    n_series: int
    n_tested: int
    agreement: float
    effect_size: float | None
    p_value: float | None
    q_value: float
    evidence: str


_TYPES = {
    "step": pl.Int64,
    "first_step": pl.Int64,
    "last_step": pl.Int64,
    "kinds": pl.String,
    "n_series": pl.Int64,
    "n_tested": pl.Int64,
    "agreement": pl.Float64,
    "effect_size": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "evidence": pl.String,
}


def find_events(
    found: ChangePoints,
    steps: Sequence[int],
    *,
    within: Sequence[str] = (),
    member: str = "tensor",
    min_agreement: float = MIN_AGREEMENT,
    alpha: float = MEETING_ALPHA,
) -> pl.DataFrame:
    """One row per Event, the most shared first.

    `steps` is the grid. `within` are columns of `found` that events do not cross
    (model, metric); series that differ in `member` alone are counted once each. An
    event has the agreement asked for and p ≤ alpha; every break of a single series is
    one.
    """
    place = {step: i for i, step in enumerate(sorted(set(steps)))}
    tested = found.tested.filter(pl.col("status") == "ok")
    rows: list[dict[str, Any]] = []
    groups = (
        found.breaks.partition_by(*within, maintain_order=True)
        if within
        else [found.breaks]
    )
    for breaks in groups:
        keys = {name: breaks[name][0] for name in within} if breaks.height else {}
        same = [pl.col(name).eq_missing(pl.lit(each)) for name, each in keys.items()]
        n_tested = _n_series(tested.filter(same) if same else tested, member)
        rows += [
            keys | asdict(event)
            for event in _candidates(breaks, place, n_tested, member)
            if event.p_value is None
            or (event.agreement >= min_agreement and event.p_value <= alpha)
        ]
    schema = {name: found.breaks.schema[name] for name in within} | _TYPES
    return pl.DataFrame(rows, schema=schema).sort(
        "agreement", "step", descending=[True, False]
    )


def _candidates(
    breaks: pl.DataFrame, place: Mapping[int, int], n_tested: int, member: str
) -> list[Event]:
    """Take the most shared step and its neighbourhood, until no break is left."""
    events = []
    left = breaks.with_columns(place=pl.col("step").replace_strict(place))
    while left.height:
        votes = left.group_by("place").agg(
            n=pl.col(member).n_unique() if member in left.columns else pl.len(),
            strength=(-pl.col("p_value").clip(1e-300).log()).sum(),
        )
        top = votes.sort("n", "strength", "place", descending=[True, True, False])
        step = next(each for each, i in place.items() if i == top["place"][0])
        distance = (pl.col("place") - place[step]).abs()
        slack = min(len(place) // _MOMENTS, REACH)
        near, here = left.filter(distance <= REACH), left.filter(distance <= slack)
        event = _event(step, near, here, n_tested, member)
        if n_tested > 1:
            chance = chance_of_meeting(
                event.n_series,
                n_tested,
                left.height,
                width=2 * slack + 1,
                n_places=len(place),
            )
            event = replace(event, p_value=chance)
        events.append(event)
        left = left.filter(distance > REACH)
    return events


def _event(
    step: int, near: pl.DataFrame, here: pl.DataFrame, n_tested: int, member: str
) -> Event:
    """The event of the breaks `near` a step, of which those `here` agree on it."""
    n_near, n_here = _n_series(near, member), _n_series(here, member)
    steps = near["step"].to_list()
    word = f"{member}s" if member in near.columns else "series"
    kinds = ", ".join(sorted(here["kind"].unique()))
    text = f"{n_here} of {n_tested} {word} break at step {step}"
    if n_tested == 1:
        text = f"{kinds} at step {step}"
    elif n_near > n_here:
        text += f", {n_near} from step {min(steps)} to {max(steps)}"
    return Event(
        step=step,
        first_step=min(steps),
        last_step=max(steps),
        kinds=kinds,
        n_series=n_here,
        n_tested=n_tested,
        agreement=n_here / max(n_tested, n_here),
        effect_size=_typical_effect(here),
        p_value=None,
        q_value=min(here["q_value"].to_list()),
        evidence=text,
    )


def _typical_effect(breaks: pl.DataFrame) -> float | None:
    """Median |effect|; a variance's, which has another unit, only among its like."""
    others = breaks.filter(pl.col("kind") != "variance")
    chosen = others if others.height else breaks
    (median,) = chosen.select(pl.col("effect_size").abs().median()).row(0)
    return median


def _n_series(tested: pl.DataFrame, member: str) -> int:
    return tested[member].n_unique() if member in tested.columns else tested.height
