"""Which weights lie below a reference, and belong to no checkpoint found there?"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource
from pipeline.sources.foreign import Foreign, find_logs, walk_foreign
from pipeline.sources.units import MAX_DEPTH
from pipeline.sources.weight_files import (
    broken_names,
    find_sets,
    list_names,
    refused_names,
)


@dataclass(frozen=True)
class PassedOver:
    """`folders` hold weights and were not entered; `files` only end like weights.

    `broken` are named as weights and are no files, such as links that lead nowhere.
    `foreign` are weights of forms that are not read, and `logs` what training wrote
    beside steps in a form that is not taken.
    """

    folders: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    broken: tuple[Path, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    logs: tuple[Foreign, ...] = ()


def find_passed_over(
    references: Sequence[str], sources: Sequence[CheckpointSource]
) -> PassedOver:
    """What a search of local `references` left aside, given all that it found.

    Left out are hidden folders and the training state beside a model. No header is
    read.
    """
    entered = {_folder(source) for source in sources if source.kind == "local"}
    entered |= {rank for folder in entered for rank in _folders_of_ranks(folder)}
    folders: dict[Path, None] = {}
    files: dict[Path, None] = {}
    broken: dict[Path, None] = {}
    foreign: list[Foreign] = []
    for root in _roots(references):
        foreign += walk_foreign(root, MAX_DEPTH)
        for folder, is_aside in _walk(root, entered):
            if is_aside:
                folders[folder] = None
            else:
                files |= dict.fromkeys(folder / name for name in refused_names(folder))
                broken |= dict.fromkeys(folder / name for name in broken_names(folder))
    steps = [one for one in sources if one.kind == "local" and one.step is not None]
    runs = sorted({Path(one.location).parent for one in steps})
    logs = {log.what: log for run in runs for log in find_logs(run)}
    return PassedOver(
        tuple(folders),
        tuple(files),
        tuple(broken),
        tuple(foreign),
        tuple(logs.values()),
    )


def _folder(source: CheckpointSource) -> Path:
    path = Path(source.location)
    return path if path.is_dir() else path.parent


def _folders_of_ranks(folder: Path) -> Iterator[Path]:
    sets = find_sets(folder) if folder.is_dir() else ()
    for file in (file for one in sets for file in one.files if "/" in file):
        yield (folder / file).parent


def _roots(references: Sequence[str]) -> Iterator[Path]:
    """The folders that references mean; files were chosen one by one."""
    for reference in references:
        path = Path(reference).expanduser().absolute()
        if path.is_dir():
            yield Path(os.path.abspath(path))  # noqa: PTH100  as discover names it
        elif glob.has_magic(reference):
            matches = sorted(glob.glob(str(path)))  # noqa: PTH207  absolute patterns
            yield from (Path(match) for match in matches if Path(match).is_dir())


def _walk(root: Path, entered: set[Path]) -> Iterator[tuple[Path, bool]]:
    """Folders from `root` down, and whether each holds weights that were not read.

    Folders below one with such weights are not reported: a search there reports them.
    """
    for name, folders, _ in os.walk(root):
        folder = Path(name)
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        is_aside = folder not in entered and _holds_weights(folder)
        if is_aside:
            folders.clear()
        yield folder, is_aside


def _holds_weights(folder: Path) -> bool:
    try:
        return bool(list_names(folder) and find_sets(folder))
    except SourceError:
        return True  # what cannot be read may hold them
