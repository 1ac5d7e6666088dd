"""Which checkpoints do a zoo's entries name, and which files are left aside?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import AbsentError, SourceError, UsageError
from pipeline.refs import DEFAULT_REVISION, CheckpointSource, ModelRef
from pipeline.text.cells import printable
from pipeline.zoo.manifest import Entry

# What people call the steps of a run, beside the words that are known as steps.
_STEPLIKE = re.compile(
    r"(.*[-_.=])?(?P<word>epochs?|ep|it|itr|update|round|chkpt|snapshot|save|samples?"
    r"|batch)[-_.=]?\d+[kKMB]?|\d+",
    re.IGNORECASE,
)
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


def _look_for(entry: Entry, *, local_files_only: bool) -> tuple[CheckpointSource, ...]:
    from pipeline.sources import ask_for, discover

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
    return tuple(ask_for(source, entry.copies) for source in found)


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
    lines += [f"log not read: {one}" for one in aside.logs]
    left = find_stepless(sources)
    if left:
        names = _some(left)
        lines.append(f"no step read from {names}, beside steps: see --step-pattern")
    numbered = find_numbered(sources)
    if numbered:
        names = _some(numbered)
        lines.append(
            f"no step read from {names}, which differ in a number alone: where these"
            " are steps of one run, see --series and --step-pattern"
        )
    return tuple(lines)


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


def find_stepless(sources: Sequence[CheckpointSource]) -> list[Path]:
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


def find_numbered(sources: Sequence[CheckpointSource]) -> list[Path]:
    """Checkpoints without a step that are numbered as steps are: epoch_1, epoch_2."""
    families: dict[tuple[Path, str], list[Path]] = {}
    for source in sources:
        path = Path(source.location)
        match = _STEPLIKE.fullmatch(path.stem if path.suffix else path.name)
        if source.kind == "local" and source.step is None and match:
            families.setdefault((path.parent, match["word"] or ""), []).append(path)
    return [path for family in families.values() if len(family) > 1 for path in family]
