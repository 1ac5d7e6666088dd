"""Do the shards that lie in a folder make up the whole checkpoint?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.refs import TensorRef
from pipeline.sources.files import read_head, readable, refuse_pointer
from pipeline.sources.weight_sets import WeightSet, find_namesakes, split_shard

_SHOWN = 3
_AGAIN = "Download or copy it again"


def read_index(path: Path) -> dict[str, str]:
    """The `weight_map` of an index: tensor name to shard file.

    Raises SourceError when it is not such an index or leads out of its folder.
    """
    refuse_pointer(path, read_head(path))
    try:
        with readable(path):
            content = json.loads(path.read_bytes())
        entries = dict(content["weight_map"].items())
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"not an index of shards: no JSON object with a weight_map ({error})",
            where=str(path),
            fix=_AGAIN,
        ) from error
    for file in entries.values():
        if not isinstance(file, str) or file in {"", ".", ".."} or set(file) & {*"/\\"}:
            raise SourceError(
                f"names the shard {file!r}; shards are files of the same folder",
                where=str(path),
                fix="Mend the index, or remove it to read the shards by their names",
            )
    return entries


def check_present(folder: Path, weights: WeightSet, present: set[str]) -> None:
    """Raise SourceError that names the shards which are missing."""
    missing = [name for name in weights.files if name not in present]
    if weights.n_expected:
        missing += _missing_numbers(weights)
    if missing:
        n_all = max(weights.n_expected, len(weights.files))
        raise SourceError(
            f"{_some(missing)} missing, of {n_all} shards",
            where=str(folder / weights.head),
            fix=_AGAIN,
        )


def _missing_numbers(weights: WeightSet) -> list[str]:
    matches = [match for name in weights.files if (match := split_shard(name))]
    found = {int(match["number"]) for match in matches}
    first = 0 if 0 in found else 1  # some tools count from nought
    width = len(matches[0]["number"])
    n_missing = weights.n_expected - len(found)
    numbers = iter(range(first, first + weights.n_expected))
    missing: list[str] = []
    while len(missing) < min(n_missing, _SHOWN + 1):
        number = next(numbers)
        if number not in found:
            missing.append(weights.head.replace("*", f"{number:0{width}d}"))
    return missing


def compare_with_index(
    path: Path, weight_map: dict[str, str], tensors: Sequence[TensorRef]
) -> list[str]:
    """Notes on where the index and the headers differ; the headers are believed.

    Raises SourceError when the index names tensors that no shard holds.
    """
    homes = {tensor.name: tensor.file for tensor in tensors}
    lost = [f"{name!r} ({weight_map[name]})" for name in weight_map.keys() - homes]
    if lost:
        raise SourceError(
            f"tensors that no shard holds: {_some(sorted(lost))}",
            where=str(path),
            fix="Download or copy the index and the shards again",
        )
    unlisted = sorted(homes.keys() - weight_map)
    moved = sorted(name for name in weight_map if homes[name] != weight_map[name])
    notes = []
    if unlisted:
        notes.append(f"{path.name} does not list {_some([*map(repr, unlisted)])}")
    if moved:
        notes.append(f"{path.name} names the wrong shard for {_some(moved)}")
    return notes


def find_unindexed(weights: WeightSet, present: set[str]) -> list[str]:
    """A note on shards that lie beside the indexed ones but are not listed."""
    if not weights.index:
        return []
    beside = sorted(set(find_namesakes(weights, present)).difference(weights.files))
    return (
        [f"{weights.index} does not list {_some(beside)}: not read"] if beside else []
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown
