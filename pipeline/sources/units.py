"""Which checkpoints lie at or below a path?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.sources.files import readable
from pipeline.sources.foreign import walk_foreign
from pipeline.sources.steps import parse_step
from pipeline.sources.weight_files import find_sets, locate_set
from pipeline.sources.weight_sets import WeightSet, split_shard

# zoo/organisation/model/checkpoints/step-100/hf, and room for one more.
MAX_DEPTH = 7


@dataclass(frozen=True)
class Unit:
    """One checkpoint found: `location` opens it, `path` is what it is named after.

    `root` is where the search began: a part of `path` from there down may state a
    step. `n_names` parts of `path` are needed at least to say which weights are meant.
    """

    location: Path
    path: Path
    root: Path
    n_names: int = 1


def find_units(
    path: Path, step_pattern: re.Pattern[str] | None = None
) -> tuple[Unit, ...]:
    """The checkpoints at an absolute path: of a file one, of a folder all inside it.

    Folders whose names begin with `.` or `__` are passed over. Of a folder that holds a
    model of its own only the subfolders named as steps are entered. Raises SourceError
    when there are none.
    """
    if not path.is_dir():
        return (_name_file(path),)
    units = walk_units(path, step_pattern)
    foreign = None if units else next(walk_foreign(path, MAX_DEPTH), None)
    if foreign:
        raise SourceError(
            f"no weights that can be read; {foreign.path.relative_to(path)} is"
            f" {foreign.what}",
            where=str(path),
            fix=foreign.remedy[0].upper() + foreign.remedy[1:],
        )
    if not units:
        raise SourceError(
            f"no weights in this folder or {MAX_DEPTH} levels below it",
            where=str(path),
            fix="Weights are .safetensors files, torch's .bin .pt .pth .th .ckpt,"
            " .gguf, .distcp with .metadata, .h5 .keras .onnx .npz .msgpack",
        )
    return units


def walk_units(
    folder: Path, step_pattern: re.Pattern[str] | None = None
) -> tuple[Unit, ...]:
    """As `find_units` of a folder, but there may be none."""
    return tuple(_walk(folder, folder, step_pattern, {folder.resolve()}))


def find_named(paths: list[Path]) -> tuple[Unit, ...]:
    """The checkpoints that some of the given files belong to, without repeats."""
    units: dict[Path, Unit] = {}
    for folder in dict.fromkeys(path.parent for path in paths):
        names = {path.name for path in paths if path.parent == folder}
        sets = find_sets(folder)
        for one in sets:
            if names & {one.head, *one.files}:
                unit = _name_set(folder, one, sets, root=None)
                units[unit.location] = unit
    return tuple(units.values())


def _name_file(path: Path) -> Unit:
    folder, weights = locate_set(path)
    if weights.index or split_shard(path.name):
        # One shard is no checkpoint: it stands for the set that it belongs to.
        return _name_set(folder, weights, find_sets(folder), root=None)
    named = folder if weights.role != "other" else folder / weights.stem
    return Unit(path, named, folder)


def _name_set(
    folder: Path, weights: WeightSet, sets: tuple[WeightSet, ...], root: Path | None
) -> Unit:
    """A folder's only set is the folder; of several, the model still is."""
    location = folder if len(sets) == 1 else folder / weights.head
    if len(sets) == 1 or weights.role == "model":
        return Unit(location, folder, root or folder)
    # Beside a model, `ema.pt` is that folder's ema; elsewhere it is a model `ema`.
    n_names = 2 if any(one.role == "model" for one in sets) else 1
    return Unit(location, folder / weights.stem, root or folder, n_names)


def _walk(
    folder: Path, root: Path, step_pattern: re.Pattern[str] | None, seen: set[Path]
) -> Iterator[Unit]:
    sets = find_sets(folder)
    for one in sets:
        yield _name_set(folder, one, sets, root)
    if len(folder.parts) - len(root.parts) >= MAX_DEPTH:
        return
    is_step = parse_step(folder.name, step_pattern) is not None
    of_ranks = [name for one in sets for name in one.files if "/" in name]
    for child in list_folders(folder):
        resolved = child.resolve()
        # A link such as `latest` leads to what is found anyway, or round in circles.
        if resolved in seen or (
            child.is_symlink() and resolved.is_relative_to(root.resolve())
        ):
            continue
        has_model = any(one.role == "model" for one in sets)
        child_is_step = parse_step(child.name, step_pattern) is not None
        if (sets and is_step) or (has_model and not child_is_step):
            continue
        if any(name.startswith(f"{child.name}/") for name in of_ranks):
            continue  # the folders of ranks, one checkpoint together
        if has_model and all(one.refusal for one in find_sets(child)):
            continue  # a state to go on from, beside the model itself
        seen.add(resolved)
        yield from _walk(child, root, step_pattern, seen)


def list_folders(folder: Path) -> list[Path]:
    """Subfolders that are neither hidden nor a program's own (`__…`), by name."""
    with readable(folder):
        return sorted(
            path
            for path in folder.iterdir()
            if path.is_dir() and not path.name.startswith((".", "__"))
        )
