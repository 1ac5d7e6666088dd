"""Which checkpoints does a reference mean, and what are they called?"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import AbsentError, SourceError, UsageError
from pipeline.refs import RESERVED_LABELS, CheckpointSource, ModelRef
from pipeline.sources.files import is_unicode
from pipeline.sources.labels import Label, label_units
from pipeline.sources.steps import compile_pattern, parse_prefixed_step, parse_step
from pipeline.sources.units import Unit, find_named, find_units, walk_units
from pipeline.sources.weight_sets import WEIGHT_SUFFIXES

_HUB_ID = re.compile(
    r"(?!.*\.\.)(?P<id>\w[\w.-]*/[\w.][\w.-]*)(@(?P<revision>[^@\s]+))?", re.ASCII
)


def discover(
    reference: str,
    *,
    model: str | None = None,
    revision: str | None = None,
    series: str | None = None,
    step_pattern: str | None = None,
    local_files_only: bool = False,
) -> tuple[CheckpointSource, ...]:
    """The checkpoints that a file, folder, glob or `org/name@revision` stands for.

    What exists on disk comes before the hub; of a hub reference only a revision with
    wildcards (`org/name@step*`) asks the network, or the cache when `local_files_only`.
    No header is read. Ordered by model, then step. `model` and `revision` replace the
    names that the folders give; `series` makes all checkpoints found steps of one
    series of that name.

    Raises AbsentError when there is nothing, SourceError when it holds no weights, and
    UsageError when two checkpoints would have one name, or a label cannot stand for
    what was found.
    """
    for option, label in (("model", model), ("revision", revision), ("series", series)):
        if label is not None and not label.strip():
            raise UsageError(f"the {option} label is empty", fix="Leave it out")
    pattern = None if step_pattern is None else compile_pattern(step_pattern)
    units = _find_local(reference, pattern)
    if units is None:
        sources = _find_on_hub(reference, pattern, local_files_only=local_files_only)
    else:
        labels = label_units(units, pattern)
        sources = [_to_source(label, series, pattern) for label in labels]
    if series and not any(source.step is not None for source in sources):
        _refuse_stepless(reference, series, sources)
    sources = _relabel(
        reference, sources, model=model or series, revision=revision, series=series
    )
    return _in_order(sources)


def _find_local(
    reference: str, pattern: re.Pattern[str] | None
) -> tuple[Unit, ...] | None:
    """None when the reference means the hub."""
    path = Path(os.path.abspath(Path(reference).expanduser()))  # noqa: PTH100
    # (links are kept: a name chosen by the user says more than where it leads)
    if reference and path.exists():
        return find_units(path, pattern)
    hub = _HUB_ID.fullmatch(reference)
    if glob.has_magic(reference):
        matches = sorted(glob.glob(str(path)))  # noqa: PTH207  absolute patterns
        if not matches:
            if hub:
                return None
            raise AbsentError(
                "matches nothing",
                where=reference,
                fix="Check the folder and the pattern",
            )
        return _find_matches(reference, [Path(match) for match in matches], pattern)
    if hub and not reference.endswith(WEIGHT_SUFFIXES):
        return None
    raise AbsentError(
        "no such file or folder",
        where=reference or "''",
        fix="Name a file, a folder, a glob, or a model on the hub as org/name@revision",
    )


def _find_matches(
    reference: str, matches: Sequence[Path], pattern: re.Pattern[str] | None
) -> tuple[Unit, ...]:
    units: dict[Path, Unit] = {}
    for path in matches:
        if path.is_dir() and not path.name.startswith("."):
            # A folder of logs may match too: only nothing at all is an error.
            units.update({unit.location: unit for unit in walk_units(path, pattern)})
    for unit in find_named([path for path in matches if path.is_file()]):
        units.setdefault(unit.location, unit)
    if not units:
        raise SourceError(
            f"matches {len(matches)} files and folders, none of them with weights",
            where=reference,
            fix="Quote the pattern and check what it matches",
        )
    return tuple(units.values())


def _find_on_hub(
    reference: str, pattern: re.Pattern[str] | None, *, local_files_only: bool
) -> list[CheckpointSource]:
    match = _HUB_ID.fullmatch(reference)
    name, revision = (match["id"], match["revision"]) if match else (reference, None)
    revisions = [revision or "main"]
    if revision and glob.has_magic(revision):
        from pipeline.sources.hub import list_revisions

        revisions = list_revisions(name, revision, local_files_only=local_files_only)
    sources = []
    for found in revisions:
        step = parse_step(found, pattern)
        series = None if step is None else name
        ref = ModelRef(name, found)
        location = f"{name}@{found}"
        sources.append(CheckpointSource(ref, location, "hub", series, step))
    return sources


def _to_source(
    label: Label, series: str | None, pattern: re.Pattern[str] | None
) -> CheckpointSource:
    model, revision, step = label.model, label.revision, label.step
    if series and step is None:
        # A stated series takes any marked number, and names without one as they are.
        model, revision = series, label.unit.path.name
        prefixed = None if pattern else parse_prefixed_step(revision)
        step = prefixed.step if prefixed else None
    name = series or (model if step is not None else None)
    ref = ModelRef(model, revision)
    return CheckpointSource(ref, str(label.unit.location), "local", name, step)


def _refuse_stepless(
    reference: str, series: str, sources: Sequence[CheckpointSource]
) -> None:
    names = ", ".join(source.ref.revision for source in sources[:3])
    raise UsageError(
        f"no step can be read from the names of series {series!r}: {names}",
        where=reference,
        fix=r"State how with a step pattern such as epoch-(\d+)",
    )


def _relabel(
    reference: str,
    sources: Sequence[CheckpointSource],
    *,
    model: str | None,
    revision: str | None,
    series: str | None,
) -> list[CheckpointSource]:
    models = {source.ref.model for source in sources}
    if model and len(models) > 1 and not series:
        raise UsageError(
            f"holds {len(models)} models ({_some(models)}) but one label, {model!r}",
            where=reference,
            fix="Name one model's file or folder, or leave the label out",
        )
    if revision and len(sources) > 1:
        raise UsageError(
            f"holds {len(sources)} checkpoints but one revision label, {revision!r}",
            where=reference,
            fix="Name one checkpoint's file or folder, or leave the label out",
        )
    return [
        CheckpointSource(
            ModelRef(model or source.ref.model, revision or source.ref.revision),
            source.location,
            source.kind,
            series or (source.series and (model or source.series)),
            source.step,
        )
        for source in sources
    ]


def _in_order(sources: Sequence[CheckpointSource]) -> tuple[CheckpointSource, ...]:
    """By model, step and revision; raises UsageError when two have one name."""
    by_ref: dict[ModelRef, CheckpointSource] = {}
    for source in sources:
        if not is_unicode(source.location):
            raise SourceError(
                "the path is not valid Unicode, which tables need",
                where=repr(source.location),
                fix="Rename the file or folder",
            )
        reserved = RESERVED_LABELS & {source.ref.model, source.ref.revision}
        if reserved:
            raise UsageError(
                f"would be {source.ref}, and {', '.join(sorted(reserved))} is a name "
                "of the warehouse's own",
                where=source.location,
                fix="Give it another --model or --revision, or rename the folder",
            )
        other = by_ref.setdefault(source.ref, source)
        if other is not source:
            raise UsageError(
                f"two checkpoints would be {source.ref}: {other.location} and"
                f" {source.location}",
                fix="Name them one at a time with labels of their own, or rename one",
            )
    return tuple(
        sorted(
            sources,
            key=lambda one: (
                one.ref.model,
                one.step is None,
                one.step or 0,
                one.ref.revision,
            ),
        )
    )


def _some(names: set[str]) -> str:
    shown = sorted(names)[:3]
    return ", ".join(shown) + (", …" if len(names) > 3 else "")
