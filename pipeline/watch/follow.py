"""What happens to each checkpoint that arrives? Measured, compared, asked, reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from pipeline.errors import QueryError, WarehouseError
from pipeline.query.header import Header
from pipeline.query.kept import keep_connections
from pipeline.query.rules import ask_rule
from pipeline.refs import CheckpointSource
from pipeline.stages import Outcome, run_stage
from pipeline.warehouse import open_warehouse
from pipeline.watch.arrivals import Arrivals
from pipeline.watch.notices import Notice
from pipeline.zoo.runs import outcome_line
from pipeline.zoo.subjects import find_work
from pipeline.zoo.wanted import WantedStage

if TYPE_CHECKING:
    from pipeline.extract import Settings


@dataclass(frozen=True)
class Following:
    """What is done with a checkpoint, and when the watch ends.

    `every` is the pause between two looks in seconds. It ends after the first complete
    look with `is_once`, when step `until` or a later one was measured, when nothing
    arrived for `idle` seconds, and after a look that finds nothing once `ended` is set;
    else never.
    """

    root: Path
    stages: Sequence[WantedStage]
    rules: Sequence[Header]
    settings: Settings
    every: float = 30.0
    is_once: bool = False
    until: int | None = None
    idle: float | None = None
    ended: Event = field(default_factory=Event)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def follow(arrivals: Arrivals, following: Following) -> Iterator[Notice]:
    """A notice for each thing that happens, as it happens.

    What the warehouse holds already is passed over without a word. Bad input does not
    end a watch: it is a notice.
    """
    waiting: dict[str, str] = {}
    last = following.clock()
    while True:
        is_ended = following.ended.is_set()
        arrived = arrivals.look()
        yield from _waiting(arrivals, waiting)
        is_reached = False
        for source in arrived:
            last = following.clock()
            yield from _measure(arrivals, source, following)
            is_reached |= _is_reached(source, following.until)
        now = following.clock()
        is_settled = following.is_once and now - last >= arrivals.settle
        is_idle = following.idle is not None and now - last >= following.idle
        if is_reached or is_settled or is_idle or (is_ended and not arrived):
            for source in arrivals.rest():
                yield from _measure(arrivals, source, following)
            return
        pause = min(following.every, arrivals.settle) if arrivals.waiting else None
        following.sleep(following.every if pause is None else max(pause, 0.05))


def _is_reached(source: CheckpointSource, until: int | None) -> bool:
    return until is not None and source.step is not None and source.step >= until


def _waiting(arrivals: Arrivals, known: dict[str, str]) -> Iterator[Notice]:
    """What is not complete, each reason once; that files are still written is usual."""
    for ref, why in arrivals.waiting.items():
        if known.get(str(ref)) != why and "being written" not in why:
            known[str(ref)] = why
            yield Notice("waiting", ref.model, ref.revision, why)


def _measure(
    arrivals: Arrivals, source: CheckpointSource, following: Following
) -> Iterator[Notice]:
    """Every stage, then the rules; these are asked of what is new alone."""
    is_new = False
    before = arrivals.before(source)
    sources = [source] if before is None else [before, source]
    work = find_work(
        following.stages,
        sources,
        families=following.settings.families,
        local_files_only=following.settings.local_files_only,
    )
    warehouse = open_warehouse(following.root)
    for each in work:
        own = [s for s in each.subjects if source in s.sources]
        for outcome in run_stage(each.stage, own, warehouse, following.settings):
            if outcome.status != "unchanged":
                yield _ended(source, outcome)
            is_new |= outcome.status == "measured" and each.stage.name == "extract"
    if is_new:
        yield from _ask(source, following)


def _ended(source: CheckpointSource, outcome: Outcome) -> Notice:
    text = outcome_line(outcome).partition(": ")[2].removeprefix(f"{source.ref}: ")
    if outcome.stage != "extract":
        text = f"{outcome.stage}: {text}"
    return _of(source, "failed" if outcome.status == "failed" else "measured", text)


def _ask(source: CheckpointSource, following: Following) -> list[Notice]:
    with keep_connections():
        return [
            notice
            for rule in following.rules
            for notice in _ask_one(rule, source, following.root)
        ]


def _ask_one(rule: Header, source: CheckpointSource, root: Path) -> list[Notice]:
    try:
        alarms = ask_rule(root, rule, source)
    except (QueryError, WarehouseError) as error:
        return [_of(source, "unanswered", str(error), rule=rule.name)]
    return [
        _of(
            source,
            "alarm",
            alarm.evidence,
            rule=alarm.rule,
            severity=alarm.severity,
            row=alarm.row,
        )
        for alarm in alarms
    ]


def _of(source: CheckpointSource, kind: Any, text: str, **more: Any) -> Notice:
    ref = source.ref
    return Notice(
        kind,
        ref.model,
        ref.revision,
        text,
        series=source.series,
        step=source.step,
        **more,
    )
