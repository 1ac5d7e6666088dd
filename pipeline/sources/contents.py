"""Which tensors do the files of a set hold, and are they the whole of a model?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.refs import TensorRef
from pipeline.sources.cuts import (
    UncutError,
    metas_rule,
    n_ranks,
    read_facts,
    stated_rule,
)
from pipeline.sources.pieces import check_whole, join_parts
from pipeline.sources.rank_files import EMPTY_WEIGHTS, TENSOR_PARALLEL
from pipeline.sources.safetensors_header import read_header
from pipeline.sources.shards import compare_with_index, find_unindexed, read_index
from pipeline.sources.weight_files import list_names
from pipeline.sources.weight_sets import WeightSet

_OF_RANK = re.compile(r"[mt]p_rank_\d+[/_]")
_WEIGHT = re.compile(r".*(\.(weight|bias)|\.lora_.*)")


@dataclass(frozen=True)
class Contents:
    """Tensors, notes, and the config that the files themselves hold (GGUF)."""

    tensors: tuple[TensorRef, ...]
    notes: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)


def read_tensors(folder: Path, weights: WeightSet) -> Contents:
    """Every tensor that the files declare; no value is read.

    Raises SourceError when the set is only a part of a model, or not to be believed.
    """
    if weights.refusal and not weights.is_cut:
        why = weights.refusal
        raise SourceError(why.what, where=str(folder / weights.head), fix=why.fix)
    contents = _READERS[weights.format](folder, weights)
    tensors = contents.tensors
    notes = [
        f"also holds {other}: not read, taken for the same weights"
        for other in weights.others
    ]
    notes += contents.notes
    _check_unique(folder, tensors)
    _check_filled(folder, weights, tensors)
    if weights.index:
        index = folder / weights.index
        notes += compare_with_index(index, read_index(index), tensors)
        notes += find_unindexed(weights, set(list_names(folder)))
    if not tensors:
        notes.append("holds no tensor")
    return Contents(tensors, tuple(notes), contents.config)


def _read_safetensors(folder: Path, weights: WeightSet) -> Contents:
    return Contents(
        tuple(tensor for name in weights.files for tensor in read_header(folder / name))
    )


def _read_torch(folder: Path, weights: WeightSet) -> Contents:
    from pipeline.sources.torch_header import list_tensors

    tensors, notes = list_tensors(folder, weights.files)
    if weights.is_cut:
        if weights.refusal:
            tensors = _join_stated(folder, weights, tensors)
        else:
            rule = metas_rule(tensors)
            tensors = join_parts(folder, weights.files, tensors, rule)
        notes.append(f"joined from {len(weights.files)} tensor-parallel files")
    elif weights.stem.startswith("consolidated"):
        check_whole(folder, tensors)
    elif _OF_RANK.search(str(folder / weights.head)):
        _refuse_lone_part(folder, weights)
    return Contents(tensors, tuple(notes))


def _join_stated(
    folder: Path, weights: WeightSet, tensors: tuple[TensorRef, ...]
) -> tuple[TensorRef, ...]:
    try:
        facts = read_facts(folder / weights.files[0])
        rule = stated_rule(facts, len(weights.files))
    except UncutError as error:
        where = str(folder / weights.head)
        raise SourceError(str(error), where=where, fix=TENSOR_PARALLEL.fix) from error
    files = weights.files
    return join_parts(folder, files, tensors, rule, fix=TENSOR_PARALLEL.fix)


def _refuse_lone_part(folder: Path, weights: WeightSet) -> None:
    """Raise SourceError where a rank's file says that there are more of its kind."""
    path = folder / weights.files[0]
    n = n_ranks(read_facts(path))
    if n > 1:
        what = f"one of {n} tensor-parallel parts, each with a part of every matrix"
        fix = f"Name the folder that holds all {n}. {TENSOR_PARALLEL.fix}"
        raise SourceError(what, where=str(path), fix=fix)


def _read_dcp(folder: Path, _: WeightSet) -> Contents:
    from pipeline.sources.dcp import list_dcp

    tensors, notes = list_dcp(folder)
    return Contents(tensors, tuple(notes))


def _read_gguf(folder: Path, weights: WeightSet) -> Contents:
    from pipeline.sources.gguf_header import read_gguf, to_config

    headers = [read_gguf(folder / name) for name in weights.files]
    n_parts = max(_n_parts(header.metadata) for header in headers)
    if n_parts > len(headers):
        raise SourceError(
            f"one of {n_parts} parts of a split model, by its metadata",
            where=str(folder / weights.head),
            fix="Keep all parts under their -00001-of-… names, or join them with"
            " `llama-gguf-split --merge`",
        )
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    return Contents(tensors, config=to_config(headers[0].metadata))


def _n_parts(metadata: dict[str, Any]) -> int:
    count = metadata.get("split.count")
    return count if isinstance(count, int) else 0


def _read_arrays(folder: Path, weights: WeightSet) -> Contents:
    from pipeline.sources.arrays import list_arrays

    lists = [list_arrays(folder / name) for name in weights.files]
    tensors = tuple(tensor for refs, _ in lists for tensor in refs)
    return Contents(tensors, tuple(note for _, notes in lists for note in notes))


_READERS: dict[str, Callable[[Path, WeightSet], Contents]] = {
    "safetensors": _read_safetensors,
    "torch": _read_torch,
    "dcp": _read_dcp,
    "gguf": _read_gguf,
    **dict.fromkeys(("keras", "onnx", "numpy", "flax"), _read_arrays),
}


def _check_unique(folder: Path, tensors: tuple[TensorRef, ...]) -> None:
    homes: dict[str, str] = {}
    for tensor in tensors:
        if tensor.name in homes:
            raise SourceError(
                f"tensor {tensor.name!r} is in {homes[tensor.name]} and {tensor.file}",
                where=str(folder),
                fix="Keep one of the two files, or measure them one at a time",
            )
        homes[tensor.name] = tensor.file


def _check_filled(
    folder: Path, weights: WeightSet, tensors: tuple[TensorRef, ...]
) -> None:
    """Raise SourceError where weights are placeholders without a value."""
    named = [one for one in tensors if _WEIGHT.fullmatch(one.name)]
    empty = [one for one in named if one.shape == (0,) and not one.skip_reason]
    if empty and 4 * len(empty) >= len(named):
        why = EMPTY_WEIGHTS
        what = f"{len(empty)} of {len(named)} weights have the shape [0]: {why.what}"
        raise SourceError(what, where=str(folder / weights.head), fix=why.fix)
