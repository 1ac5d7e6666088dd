"""What is measured now, in this process, and what would it cost? Extract and plan."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.extract import Outcome, Settings
from pipeline.warehouse import find_warehouse, open_warehouse
from pipeline.zoo.found import find_sources
from pipeline.zoo.manifest import Entry, Zoo, read_zoo
from pipeline.zoo.outcomes import (
    failure_lines,
    note_lines,
    outcomes_table,
    plan_line,
    plans_table,
    summary_line,
)
from pipeline.zoo.runs import extract_found, plan_work, say_aside, work_of
from pipeline.zoo.settings import WAREHOUSE, make_settings
from pipeline.zoo.wanted import EXTRACT_ALONE, WantedStage
from weightlake.values.outcomes import Outcomes


def extract(
    root: Path, entries: Sequence[Entry], settings: Settings, *, verbose: bool = False
) -> Outcomes:
    """Measure the checkpoints of the entries; unchanged checkpoints are skipped.

    Progress goes to stderr. A checkpoint that fails is an outcome and not an error.
    Raises AbsentError where a path leads nowhere, before anything is measured.
    """
    started = time.monotonic()
    found = find_sources(
        entries, must_exist=True, local_files_only=settings.local_files_only
    )
    outcomes = extract_found(found, open_warehouse(root), settings, verbose=verbose)
    return as_outcomes(outcomes, time.monotonic() - started)


def plan(
    root: Path | None,
    references: Sequence[str],
    *,
    families: Sequence[str] = (),
    memory: str | None = None,
    threads: int | None = None,
    verify: bool = False,
    local_files_only: bool = False,
) -> Outcomes:
    """What a run would read, and its time and memory; no weights are read.

    References are a manifest, or checkpoints as for `extract`. Settings that are not
    given, the warehouse included, are the manifest's. Raises UsageError for a manifest
    among other references.
    """
    zoo = _zoo_among(references)
    settings = make_settings(
        families=families or (zoo.families if zoo else ()),
        memory=zoo.memory if zoo and memory is None else memory,
        threads=zoo.threads if zoo and threads is None else threads,
        verify=verify,
        local_files_only=local_files_only,
    )
    entries = zoo.entries if zoo else [Entry(each) for each in references]
    stages = zoo.stages if zoo else EXTRACT_ALONE
    root = root_of(root, zoo)
    return preview(root, entries, settings, must_exist=zoo is None, stages=stages)


def preview(
    root: Path,
    entries: Sequence[Entry],
    settings: Settings,
    *,
    must_exist: bool = True,
    stages: Sequence[WantedStage] = EXTRACT_ALONE,
) -> Outcomes:
    """What the stages, extract by default, would read, and their time and memory."""
    found = find_sources(
        entries, must_exist=must_exist, local_files_only=settings.local_files_only
    )
    work = work_of(stages, found, settings)
    say_aside(found, work)
    plans = plan_work(work, found, find_warehouse(root), settings)  # not made
    failures = tuple(
        f"unreadable: {each.label}: {each.error}"
        for each in plans
        if each.status == "unreadable"
    )
    return Outcomes(plans_table(plans), plan_line(plans), failures=failures)


def root_of(root: Path | None, zoo: Zoo | None) -> Path:
    """The caller's warehouse, else the manifest's, else ./warehouse."""
    return root or (zoo.warehouse if zoo else None) or WAREHOUSE


def as_outcomes(outcomes: Sequence[Outcome], seconds: float) -> Outcomes:
    """The outcomes of checkpoints as one value; `seconds` is the wall time of all."""
    return Outcomes(
        outcomes_table(outcomes),
        summary_line(outcomes, seconds),
        tuple(note_lines(outcomes)),
        tuple(failure_lines(outcomes)),
    )


def _zoo_among(references: Sequence[str]) -> Zoo | None:
    """The manifest, when the only reference is one."""
    manifests = [each for each in references if each.endswith(".toml")]
    if manifests and len(references) > 1:
        raise UsageError(
            f"{manifests[0]} is a manifest and not the only argument",
            fix="Plan one manifest, or any number of checkpoints",
        )
    return read_zoo(Path(manifests[0])) if manifests else None
