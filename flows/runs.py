"""What is there to extract, and how does it go? Sources found, planned, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.progress import byte_meter
from flows.units import human_bytes, human_seconds
from flows.zoo import Entry
from pipeline.errors import SourceError
from pipeline.refs import DEFAULT_REVISION, CheckpointSource, ModelRef

if TYPE_CHECKING:
    from pipeline.extract import Outcome, Plan, Settings
    from pipeline.warehouse import Warehouse


@dataclass(frozen=True)
class Found:
    """The checkpoints that entries stand for, and why some stand for none."""

    sources: tuple[CheckpointSource, ...]
    missing: tuple[tuple[CheckpointSource, str], ...] = ()

    @property
    def n_checkpoints(self) -> int:
        return len(self.sources) + len(self.missing)


def find_sources(entries: Sequence[Entry]) -> Found:
    """Look for every entry; one that is not there is `missing`, with its error."""
    from pipeline.sources import discover

    sources: dict[CheckpointSource, None] = {}
    missing: list[tuple[CheckpointSource, str]] = []
    for entry in entries:
        try:
            found = discover(
                entry.reference,
                model=entry.model,
                revision=entry.revision,
                series=entry.series,
                step_pattern=entry.step_pattern,
            )
        except SourceError as error:
            missing.append((_absent(entry), str(error)))
        else:
            sources.update(dict.fromkeys(found))
    return Found(tuple(sources), tuple(missing))


def plan_found(found: Found, warehouse: Warehouse, settings: Settings) -> list[Plan]:
    """A plan per checkpoint, missing ones as unreadable."""
    from pipeline.extract import Plan, plan_checkpoint

    plans = [plan_checkpoint(each, warehouse, settings) for each in found.sources]
    return plans + [
        Plan(
            source=source,
            status="unreadable",
            n_tensors=0,
            n_bytes=0,
            n_bytes_to_read=0,
            peak_memory_bytes=0,
            seconds=0.0,
            error=error,
        )
        for source, error in found.missing
    ]


def extract_found(
    found: Found, warehouse: Warehouse, settings: Settings, *, verbose: bool = False
) -> list[Outcome]:
    """Measure one checkpoint after the other, with a bar on a terminal's stderr."""
    from pipeline.extract import extract_checkpoint

    sizes = [source_bytes(source) for source in found.sources]
    outcomes = missing_outcomes(found)
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


def missing_outcomes(found: Found) -> list[Outcome]:
    from pipeline.extract import Outcome

    return [
        Outcome(
            source=source,
            status="failed",
            seconds=0.0,
            n_bytes=0,
            n_tensors=0,
            n_measured=0,
            n_reused=0,
            error=error,
        )
        for source, error in found.missing
    ]


def outcome_line(outcome: Outcome) -> str:
    cost = f"{human_bytes(outcome.n_bytes)}, {human_seconds(outcome.seconds)}"
    tail = outcome.error if outcome.status == "failed" else cost
    return f"{outcome.status}: {outcome.source.ref}: {tail}"


def source_bytes(source: CheckpointSource) -> int:
    """Bytes of a checkpoint's files, 0 where they cannot be listed."""
    from pipeline.sources import list_files

    try:
        return sum(stamp.n_bytes for stamp in list_files(source))
    except SourceError:
        return 0  # its extraction will say what is wrong


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
