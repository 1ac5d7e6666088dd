"""Which models does a reference name? In the warehouse, on disk, or on the hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.errors import SourceError, WarehouseError, WeightlakeError
from pipeline.explorer.data import Exhibit
from pipeline.explorer.neurons import neurons_of, read_neurons
from pipeline.explorer.profiles import read_profiles
from pipeline.query import run_query
from pipeline.refs import CheckpointSource
from pipeline.sources import discover, open_checkpoint, read_hub_headers
from pipeline.structure import (
    Structure,
    describe_checkpoint,
    describe_config,
    read_config,
)
from pipeline.structure.classes import with_classes
from pipeline.structure.warehouse import read_structures

_CONFIG = "config.json"


def find_exhibits(
    references: Sequence[str], warehouse: Path, *, local_files_only: bool = False
) -> list[Exhibit]:
    """The models of the references, in order; without any, those of the warehouse.

    A reference is `model` or `model@revision` of the warehouse; a file or folder of
    weights, of which only headers are read; a config.json or a folder that holds one
    and no weights; or `org/name@revision` on the hub. Raises WeightlakeError for any
    other reference, and where the warehouse holds no model.
    """
    if not references:
        return _all_of(warehouse)
    known = _known_models(warehouse)
    return [
        exhibit
        for reference in references
        for exhibit in _find(reference, warehouse, known, local_files_only)
    ]


def _all_of(warehouse: Path) -> list[Exhibit]:
    structures = read_structures(warehouse)
    if not structures:
        raise WarehouseError(
            "the warehouse holds no model yet",
            where=str(warehouse),
            fix="Run weightlake extract first, or name a checkpoint or a config.json",
        )
    return _measured(structures, warehouse)


def _known_models(warehouse: Path) -> dict[str, set[str]]:
    """Revisions of each model of the warehouse; none where there is no warehouse."""
    try:
        rows = run_query(warehouse, "configs").to_pylist()
    except WarehouseError:
        return {}  # references may be paths; one that is not raises its own error
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["model"], set()).add(row["revision"])
    return found


def _find(
    reference: str,
    warehouse: Path,
    known: dict[str, set[str]],
    local_files_only: bool,
) -> Iterator[Exhibit]:
    if reference in known:
        yield from _measured(read_structures(warehouse, model=reference), warehouse)
        return
    name, at, revision = reference.rpartition("@")
    if at and revision in known.get(name, ()):
        found = read_structures(warehouse, model=name, revision=revision)
        yield from _measured(found, warehouse, revision)
        return
    path = Path(reference).expanduser()
    config = path / _CONFIG if path.is_dir() else path
    if config.suffix == ".json" and config.is_file() and not _holds_weights(path):
        made = describe_config(read_config(config), name=_name_of(config))
        yield Exhibit(replace(made, source=str(config)))
        return
    yield from _open(reference, known, local_files_only=local_files_only)


def _measured(
    structures: Sequence[Structure], warehouse: Path, revision: str | None = None
) -> list[Exhibit]:
    profiles = read_profiles(warehouse, structures, revision=revision)
    neurons = read_neurons(warehouse, [one.name for one in structures])
    return [
        Exhibit(with_classes(structure), profile | neurons_of(neurons, structure.name))
        for structure, profile in zip(structures, profiles, strict=True)
    ]


def _holds_weights(path: Path) -> bool:
    if not path.is_dir():
        return False
    try:
        return bool(discover(str(path)))
    except SourceError:
        return False


def _name_of(config: Path) -> str:
    return config.resolve().parent.name if config.name == _CONFIG else config.stem


def _open(
    reference: str, known: dict[str, set[str]], *, local_files_only: bool
) -> Iterator[Exhibit]:
    """Open the headers of a checkpoint, local or on the hub; of a series, the last."""
    try:
        sources = discover(reference, local_files_only=local_files_only)
    except WeightlakeError as error:
        if not known:
            raise
        names = ", ".join(sorted(known)[:6])
        raise SourceError(
            error.what,
            where=error.where,
            fix=f"{error.fix}. Models of the warehouse: {names}",
        ) from error
    by_model: dict[str, list[CheckpointSource]] = {}
    for source in sources:
        by_model.setdefault(source.ref.model, []).append(source)
    for found in by_model.values():
        source = found[-1]
        if source.kind == "hub" and not local_files_only:
            checkpoint = read_hub_headers(source)
        else:
            checkpoint = open_checkpoint(source, local_files_only=local_files_only)
        structure = with_classes(describe_checkpoint(checkpoint))
        note = f"the last of {len(found)} checkpoints; weightlake extract measures all"
        notes = (*structure.notes, note) if len(found) > 1 else structure.notes
        yield Exhibit(replace(structure, notes=notes))
