"""Which sets of weights lie in a folder, and which one does a location mean?"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import SourceError
from pipeline.sources.files import LFS_MAGIC, read_head, readable
from pipeline.sources.numbered import find_parts
from pipeline.sources.rank_files import (
    TENSOR_PARALLEL,
    UNFINISHED,
    ZARR,
    are_cut_by_tensor,
    rank_folders,
)
from pipeline.sources.shards import read_index
from pipeline.sources.weight_sets import (
    GGUF_SUFFIX,
    METADATA,
    WEIGHT_SUFFIXES,
    WeightSet,
    file_set,
    group_files,
    has_common_name,
    is_index,
    is_training_state,
    is_weights,
    split_shard,
)

# A zip archive, a pickle, a pointer to either: how files that torch reads begin.
_GGUF_HEAD = 4096
_TORCH_MAGIC = (b"PK\x03\x04", b"\x80", LFS_MAGIC)


def find_sets(folder: Path) -> tuple[WeightSet, ...]:
    """The sets of weights in a folder itself, by name; headers are not read."""
    every = list_names(folder)
    names = [name for name in every if not name.startswith(".")]
    names = [name for name in names if is_index(name) or _holds_weights(folder, name)]
    if any(name.endswith(".distcp") for name in every):
        if is_training_state(folder.name):
            return ()
        names += [METADATA] if METADATA in every else []
    if "common.pt" in names and METADATA not in names and "metadata.json" in every:
        is_zarr = b"zarr" in read_head(folder / "metadata.json", _GGUF_HEAD)
        why = ZARR if is_zarr else UNFINISHED
        return (WeightSet("common.pt", "model", "dcp", ("common.pt",), refusal=why),)
    if not names:
        return _sets_of_ranks(folder)
    indexed = {name: _listed(folder / name) for name in names if is_index(name)}
    loose = [name for name in names if not indexed and not split_shard(name)]
    return group_files(names, indexed, find_parts(folder, loose))


def _sets_of_ranks(folder: Path) -> tuple[WeightSet, ...]:
    """The one set that folders of ranks hold together, none where there are none."""
    ranks = rank_folders(path.name for path in folder.iterdir() if path.is_dir())
    if not ranks:
        return ()
    files = []
    for rank in ranks:
        inside = [one for one in find_sets(folder / rank) if len(one.files) == 1]
        files += [f"{rank}/{name}" for one in inside for name in one.files]
    names = {file.rpartition("/")[2] for file in files}
    is_joined = (
        are_cut_by_tensor(ranks) and len(files) == len(ranks) and len(names) == 1
    )
    head = f"{ranks[0]} to {ranks[-1]}"
    why = TENSOR_PARALLEL
    return (
        WeightSet(head, head, "torch", tuple(files), is_cut=is_joined, refusal=why),
    )


def refused_names(folder: Path) -> tuple[str, ...]:
    """Files of a folder that are named as weights and begin as something else."""
    return tuple(
        name
        for name in list_names(folder)
        if not name.startswith(".")
        and is_weights(name)
        and not _holds_weights(folder, name)
    )


def broken_names(folder: Path) -> tuple[str, ...]:
    """What is named as weights and is no file: a link that leads nowhere, a pipe."""
    with readable(folder):
        return tuple(
            sorted(
                path.name
                for path in folder.iterdir()
                if is_weights(path.name)
                and not path.name.startswith(".")
                and not (path.is_file() or path.is_dir())
            )
        )


def list_names(folder: Path) -> list[str]:
    """Names of the regular files in a folder, links to files included."""
    with readable(folder):
        return sorted(path.name for path in folder.iterdir() if path.is_file())


def locate_set(location: Path) -> tuple[Path, WeightSet]:
    """The folder and the set of weights that a source's location stands for.

    A folder stands for its only set, an index or a shard for the set that it belongs
    to, another file for itself. Raises SourceError when there is no such set, or
    several.
    """
    if location.is_dir():
        return location, _only_set(location)
    folder, name = location.parent, location.name
    if folder.is_dir():
        # One part is no checkpoint: it stands for the set that it belongs to.
        for one in find_sets(folder):
            is_part = len(one.files) != 1 or one.index or one.refusal or one.n_expected
            if is_part and (name == one.head or name in one.files):
                return folder, one
    if not location.exists():
        raise SourceError(
            "no such file or folder",
            where=str(location),
            fix="Name what is there, or copy it back",
        )
    if name.endswith(WEIGHT_SUFFIXES):
        return folder, file_set(name)
    raise SourceError(
        "not a file of weights",
        where=str(location),
        fix=f"Name a folder or a file that ends in {', '.join(WEIGHT_SUFFIXES)}",
    )


def _only_set(folder: Path) -> WeightSet:
    sets = find_sets(folder)
    if len(sets) == 1:
        return sets[0]
    if not sets:
        raise SourceError(
            "no weights in this folder",
            where=str(folder),
            fix=f"Weights are files that end in {', '.join(WEIGHT_SUFFIXES)}",
        )
    raise SourceError(
        f"several sets of weights: {', '.join(one.head for one in sets)}",
        where=str(folder),
        fix="Name one of them",
    )


def _holds_weights(folder: Path, name: str) -> bool:
    if not is_weights(name):
        return False
    if name.endswith(GGUF_SUFFIX):
        return not is_imatrix(read_head(folder / name, _GGUF_HEAD))
    if not name.endswith(".bin") or has_common_name(name):
        return True
    # Tokenisers and raw arrays are called .bin too; an empty file may be a lost model.
    head = read_head(folder / name, len(LFS_MAGIC))
    return not head or head.startswith(_TORCH_MAGIC)


def is_imatrix(head: bytes) -> bool:
    """Whether a GGUF file begins as one of activations' statistics, not of weights."""
    _, found, value = head.partition(b"general.type")
    return bool(found) and value[12:19] == b"imatrix"


def _listed(index: Path) -> tuple[str, ...]:
    # A broken index is reported when the checkpoint is opened: listing goes on.
    try:
        return tuple(dict.fromkeys(read_index(index).values()))
    except SourceError:
        return ()
