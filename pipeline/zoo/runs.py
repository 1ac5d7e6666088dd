"""What is there to extract, and how does it go? Sources found, planned, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import AbsentError, SourceError, UsageError
from pipeline.refs import DEFAULT_REVISION, CheckpointSource, ModelRef
from pipeline.text.cells import printable
from pipeline.text.units import human_bytes, human_seconds
from pipeline.zoo.manifest import Entry
from pipeline.zoo.progress import byte_meter, say

if TYPE_CHECKING:
    from pipeline.extract import Outcome, Plan, Settings
    from pipeline.warehouse import Warehouse

_NAMED = 5  # files or folders left aside that a line names


@dataclass(frozen=True)
class Found:
    """The checkpoints that entries stand for, and why some stand for none.

    `aside` is a line each for what lies there too and is not measured.
    """

    sources: tuple[CheckpointSource, ...]
    missing: tuple[tuple[CheckpointSource, str], ...] = ()
    aside: tuple[str, ...] = ()


def find_sources(
    entries: Sequence[Entry],
    *,
    must_exist: bool = False,
    local_files_only: bool = False,
) -> Found:
    """Look for every entry; one that is not there is `missing`, with its error.

    Raises UsageError when two entries give different checkpoints one name, and with
    `must_exist` AbsentError where a path leads nowhere: on a command line it is a slip.
    """
    sources: dict[ModelRef, CheckpointSource] = {}
    missing: list[tuple[CheckpointSource, str]] = []
    for entry in entries:
        try:
            found = _look_for(entry, local_files_only=local_files_only)
        except SourceError as error:
            if must_exist and isinstance(error, AbsentError):
                raise
            missing.append((_absent(entry), str(error)))
            continue
        for source in found:
            other = sources.setdefault(source.ref, source)
            if other.location != source.location:
                raise UsageError(
                    f"two checkpoints would be {source.ref}: {other.location} and "
                    f"{source.location}",
                    fix="Give one of them a model or revision of its own",
                )
    chosen = tuple(sources.values())
    return Found(chosen, tuple(missing), _left_aside(entries, chosen))


def say_aside(found: Found) -> None:
    """Nothing is missing without a word: a line each on stderr."""
    for line in found.aside:
        say(line)


def plan_found(found: Found, warehouse: Warehouse, settings: Settings) -> list[Plan]:
    """A plan per checkpoint, missing ones as unreadable."""
    from pipeline.extract import Plan, plan_checkpoint

    plans = [plan_checkpoint(each, warehouse, settings) for each in found.sources]
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
    with byte_meter(sum(sizes), "extract") as meter:
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
    return f"{outcome.status}: {outcome.source.ref}: {tail}"


def source_bytes(source: CheckpointSource, *, local_files_only: bool = False) -> int:
    """Bytes of a checkpoint's files, 0 where they cannot be listed."""
    from pipeline.sources import list_files

    try:
        stamps = list_files(source, local_files_only=local_files_only)
    except SourceError:
        return 0  # its extraction will say what is wrong
    return sum(stamp.n_bytes for stamp in stamps)


def _look_for(entry: Entry, *, local_files_only: bool) -> tuple[CheckpointSource, ...]:
    from pipeline.sources import discover

    found = discover(
        entry.reference,
        model=entry.model,
        revision=entry.revision,
        series=entry.series,
        step_pattern=entry.step_pattern,
        local_files_only=local_files_only,
    )
    if entry.is_hub and any(source.kind != "hub" for source in found):
        raise UsageError(
            "is a file or folder here, and was to be on the hub",
            where=entry.reference,
            fix="Say path instead of hub, or run it from another folder",
        )
    return found


def _left_aside(
    entries: Sequence[Entry], sources: Sequence[CheckpointSource]
) -> tuple[str, ...]:
    """What a search went past, in a line each."""
    from pipeline.sources import find_passed_over

    references = [entry.reference for entry in entries if not entry.is_hub]
    aside = find_passed_over(references, sources)
    lines = []
    if aside.folders:
        names = _some(aside.folders)
        lines.append(f"not entered: {names}. Name a folder itself to measure it")
    if aside.files:
        lines.append(f"no weights by their first bytes: {_some(aside.files)}")
    if aside.broken:
        lines.append(f"no file, or a link that leads nowhere: {_some(aside.broken)}")
    lines += [f"not read: {one}" for one in aside.foreign[:_NAMED]]
    if len(aside.foreign) > _NAMED:
        lines.append(f"not read: {len(aside.foreign) - _NAMED} more such files")
    stepless = _stepless(sources)
    if stepless:
        names = _some(stepless)
        lines.append(f"no step read from {names}, beside steps: see --step-pattern")
    return tuple(lines)


def _stepless(sources: Sequence[CheckpointSource]) -> list[Path]:
    """Checkpoints beside the steps of a series whose own names state no step."""
    local = [source for source in sources if source.kind == "local"]
    runs = {Path(one.location).parent for one in local if one.step is not None}
    return [
        Path(one.location)
        for one in local
        if one.step is None
        and Path(one.location).parent in runs
        and any(letter.isdigit() for letter in Path(one.location).stem)
    ]


def _some(paths: Sequence[Path]) -> str:
    shown = ", ".join(printable(str(path)) for path in paths[:_NAMED])
    more = len(paths) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _absent(entry: Entry) -> CheckpointSource:
    """What an entry would have been called, for the row that says it is not there."""
    name = entry.model or entry.series
    if entry.is_hub and name is None:
        ref = ModelRef.parse(entry.reference)
    else:
        ref = ModelRef(
            name or Path(entry.reference).name, entry.revision or DEFAULT_REVISION
        )
    return CheckpointSource(
        ref,
        entry.reference,
        kind="hub" if entry.is_hub else "local",
        series=entry.series,
    )
