"""What has a zoo to measure, and how does it go? Work found, planned, measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource
from pipeline.text.units import human_bytes, human_seconds
from pipeline.zoo.found import Found
from pipeline.zoo.progress import open_meter, say

if TYPE_CHECKING:
    from pipeline.extract import Outcome, Plan, Settings
    from pipeline.warehouse import Warehouse
    from pipeline.zoo.subjects import Work
    from pipeline.zoo.wanted import WantedStage


def say_aside(found: Found, work: Sequence[Work] = ()) -> None:
    """Report on stderr, in a line each, what was found and is not measured."""
    for line in (*found.aside, *(line for each in work for line in each.aside)):
        say(line)


def work_of(
    stages: Sequence[WantedStage], found: Found, settings: Settings
) -> list[Work]:
    """What each of the stages has to measure of what was found."""
    from pipeline.zoo.subjects import find_work  # imports what reads checkpoints

    return find_work(
        stages,
        found.sources,
        families=settings.families,
        local_files_only=settings.local_files_only,
    )


def plan_work(
    work: Sequence[Work], found: Found, warehouse: Warehouse, settings: Settings
) -> list[Plan]:
    """A plan per stage and subject, missing checkpoints as unreadable."""
    from pipeline.stages import Plan, Task, plan_subject

    plans = [
        plan_subject(Task(each.stage, subject, warehouse, settings))
        for each in work
        for subject in each.subjects
    ]
    return plans + [
        Plan(source, "unreadable", error=error) for source, error in found.missing
    ]


def extract_found(
    found: Found, warehouse: Warehouse, settings: Settings, *, verbose: bool = False
) -> list[Outcome]:
    """Measure one checkpoint after the other, with a bar on a terminal's stderr."""
    from pipeline.extract import extract_checkpoint

    is_offline = settings.local_files_only
    sizes = [source_bytes(s, local_files_only=is_offline) for s in found.sources]
    say_aside(found)
    outcomes = fail_missing(found, warehouse, settings)
    if verbose:
        for line in map(outcome_line, outcomes):
            say(line)
    with open_meter(sum(sizes), "extract") as meter:
        done = 0
        for source, size in zip(found.sources, sizes, strict=True):
            outcome = extract_checkpoint(
                source, warehouse, settings, progress=meter.advance
            )
            done += size
            meter.reach(done)  # what was skipped or reused counts as done too
            if verbose:
                meter.say(outcome_line(outcome))
            outcomes.append(outcome)
    return outcomes


def fail_missing(
    found: Found, warehouse: Warehouse, settings: Settings
) -> list[Outcome]:
    """An outcome and a row of `extractions` for each entry that is not there."""
    from pipeline.extract import Outcome
    from pipeline.stages.log import log_failure

    outcomes = [
        Outcome(source, "failed", 0.0, error=error) for source, error in found.missing
    ]
    for outcome in outcomes:
        log_failure(warehouse, settings.run, outcome, datetime.now(UTC))
    return outcomes


def outcome_line(outcome: Outcome) -> str:
    cost = f"{human_bytes(outcome.n_bytes)}, {human_seconds(outcome.seconds)}"
    tail = outcome.error if outcome.status == "failed" else cost
    return f"{outcome.status}: {outcome.label}: {tail}"


def source_bytes(source: CheckpointSource, *, local_files_only: bool = False) -> int:
    """Bytes of a checkpoint's files, 0 where they cannot be listed."""
    from pipeline.sources import list_files

    try:
        stamps = list_files(source, local_files_only=local_files_only)
    except SourceError:
        return 0  # its extraction will say what is wrong
    return sum(stamp.n_bytes for stamp in stamps)


def work_bytes(work: Sequence[Work], *, local_files_only: bool = False) -> int:
    """Bytes of all files that the work may read."""
    return sum(
        source_bytes(source, local_files_only=local_files_only)
        for each in work
        for subject in each.subjects
        for source in subject.sources
    )
