"""Which checkpoints are under study? A zoo.toml read into values, each key checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError
from pipeline.places import bucket_url
from pipeline.refs import Copies
from pipeline.zoo.keys import check_keys, check_section, load_document, sections_of
from pipeline.zoo.settings import (
    check_families,
    check_threads,
    make_settings,
    parse_memory,
)
from pipeline.zoo.wanted import EXTRACT_ALONE, WantedStage, read_stages

if TYPE_CHECKING:
    from pipeline.extract import Settings

_ZOO_KEYS = ("name", "warehouse", "families", "memory", "threads", "queries")
_MODEL_KEYS = ("path", "hub", "model", "revision")
_SERIES_KEYS = ("path", "name", "step_pattern")


@dataclass(frozen=True)
class Entry:
    """One source of the zoo, as the manifest names it; nothing is looked for yet."""

    reference: str
    is_hub: bool = False
    model: str | None = None
    revision: str | None = None
    series: str | None = None
    step_pattern: str | None = None
    copies: Copies = ""


@dataclass(frozen=True)
class Zoo:
    """A manifest: what to measure, how, and into which warehouse if it says so."""

    path: Path
    name: str
    entries: tuple[Entry, ...]
    warehouse: Path | None = None
    families: tuple[str, ...] = ()
    memory: str | None = None
    threads: int | None = None
    queries: Path | None = None
    stages: tuple[WantedStage, ...] = EXTRACT_ALONE


def read_zoo(path: Path) -> Zoo:
    """Read a manifest; its paths are relative to the folder that it lies in.

    Raises UsageError that names the section and the key for anything that means
    nothing, and for a manifest without any source.
    """
    document = load_document(path)
    check_keys(document, ("zoo", "models", "series", "stages"), f"{path}")
    section = document.get("zoo", {})
    where = f"{path}, [zoo]"
    if not isinstance(section, dict):
        raise UsageError("'zoo' is not a section", where=str(path), fix="Write [zoo]")
    check_section(section, _ZOO_KEYS, where)
    folder = path.resolve().parent
    entries = (
        *(
            _model(each, folder, at)
            for each, at in sections_of(document, "models", path)
        ),
        *(
            _series(each, folder, at)
            for each, at in sections_of(document, "series", path)
        ),
    )
    if not entries:
        raise UsageError(
            "the zoo has no checkpoints",
            where=str(path),
            fix="Add a [[models]] section with path or hub, or a [[series]] with path",
        )
    _check_values(section, where)
    return Zoo(
        path=path.resolve(),
        name=section.get("name", folder.name),
        entries=entries,
        warehouse=_warehouse(section, folder),
        families=tuple(section.get("families", ())),
        memory=section.get("memory"),
        threads=section.get("threads"),
        queries=_optional_path(section, "queries", folder),
        stages=read_stages(document, path),
    )


def zoo_settings(
    zoo: Zoo, *, verify: bool, replace: bool, local_files_only: bool
) -> Settings:
    """What the manifest says of families, memory and threads, and a run's options."""
    return make_settings(
        families=zoo.families,
        memory=zoo.memory,
        threads=zoo.threads,
        verify=verify,
        replace=replace,
        local_files_only=local_files_only,
    )


def _model(section: dict[str, Any], folder: Path, where: str) -> Entry:
    check_section(section, _MODEL_KEYS, where)
    if ("path" in section) == ("hub" in section):
        raise UsageError(
            "a model is named by exactly one of path and hub",
            where=where,
            fix='Write path = "folder" or hub = "org/name@revision"',
        )
    is_hub = "hub" in section
    return Entry(
        section["hub"] if is_hub else _absolute(section["path"], folder),
        is_hub=is_hub,
        model=section.get("model"),
        revision=section.get("revision"),
    )


def _series(section: dict[str, Any], folder: Path, where: str) -> Entry:
    check_section(section, _SERIES_KEYS, where)
    if "path" not in section:
        raise UsageError(
            "a series has no path", where=where, fix='Write path = "folder of steps"'
        )
    reference = _absolute(section["path"], folder)
    return Entry(
        reference,
        series=section.get("name", _series_name(reference)),
        step_pattern=section.get("step_pattern"),
    )


def _series_name(reference: str) -> str:
    """The folder that holds the steps: the last part before any wildcard."""
    parts = Path(reference).parts
    wild = next(
        (place for place, part in enumerate(parts) if set(part) & set("*?[")),
        len(parts),
    )
    return parts[wild - 1]


def _check_values(section: Mapping[str, Any], where: str) -> None:
    """Refuse now what the run would refuse later, and say where it stands."""
    try:
        check_families(section.get("families", ()))
        if "memory" in section:
            parse_memory(section["memory"])
        if "threads" in section:
            check_threads(section["threads"])
    except UsageError as error:
        raise UsageError(error.what, where=where, fix=error.fix) from error


def _absolute(text: str, folder: Path) -> str:
    return str(folder / Path(text).expanduser())


def _warehouse(section: Mapping[str, Any], folder: Path) -> Path | None:
    """A folder beside the manifest, or the address of a bucket as it is."""
    if bucket_url(section.get("warehouse", "")):
        return Path(section["warehouse"])
    return _optional_path(section, "warehouse", folder)


def _optional_path(section: Mapping[str, Any], key: str, folder: Path) -> Path | None:
    return Path(_absolute(section[key], folder)) if key in section else None
