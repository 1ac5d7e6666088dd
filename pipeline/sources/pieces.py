"""How are the parts of tensor-parallel files read as the tensors that they make up?

Which axis is cut, `pipeline.sources.cuts` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.refs import Pieces, TensorRef
from pipeline.sources.cuts import (
    Rule,
    UncutError,
    check_parts,
    module_of,
    residual_width,
)
from pipeline.sources.ranges import check_range
from pipeline.sources.torch_reader import TorchReader

_META_FIX = (
    "Copy all consolidated.NN.pth of the model, or convert them with"
    " transformers' convert_llama_weights_to_hf.py"
)


def join_parts(
    folder: Path,
    files: Sequence[str],
    tensors: Sequence[TensorRef],
    rule: Rule,
    *,
    fix: str = _META_FIX,
) -> tuple[TensorRef, ...]:
    """Each tensor once, in the first file's order, made up of its parts in all.

    Raises SourceError when a part is missing or the rule does not say how it is cut.
    """
    by_name: dict[str, dict[str, TensorRef]] = {}
    for tensor in tensors:
        by_name.setdefault(tensor.name, {})[tensor.file] = tensor
    joined = []
    try:
        for name, parts in by_name.items():
            check_parts(name, files, parts)
            found = [parts[file] for file in files if file in parts]
            joined.append(_join(found, rule))
    except UncutError as error:
        raise SourceError(str(error), where=str(folder), fix=fix) from error
    return tuple(joined)


def check_whole(folder: Path, tensors: Sequence[TensorRef]) -> None:
    """Raise SourceError where Meta's lone file is a half: wo is too narrow."""
    width = residual_width(tensors)
    for tensor in tensors:
        if module_of(tensor) == "wo" and len(tensor.shape) == 2:
            rows, columns = tensor.shape
            if rows == width > columns and width % max(columns, 1) == 0:
                n = width // columns
                what = f"{tensor.name!r} has {columns} of {width} columns: one of {n}"
                what += " tensor-parallel parts"
                raise SourceError(what, where=str(folder), fix=_META_FIX)


def _join(parts: Sequence[TensorRef], rule: Rule) -> TensorRef:
    first = parts[0]
    if first.skip_reason:
        return first
    if any((p.shape, p.dtype) != (first.shape, first.dtype) for p in parts):
        raise UncutError(f"the parts of {first.name!r} differ in shape")
    cut = rule(first)
    if cut.axis is None:
        return first
    shape = list(first.shape)
    shape[cut.axis] *= len(parts)
    n_bytes = first.n_bytes * len(parts)
    pieces = Pieces(cut.axis, tuple(parts), cut.blocks)
    return replace(
        first, shape=tuple(shape), n_bytes=n_bytes, pieces=pieces, shared_with=""
    )


class JoinedReader:
    """Reads tensors through another reader, those of several parts row by row."""

    def __init__(self, parts: TorchReader) -> None:
        self._parts = parts

    def read_into(self, tensor: TensorRef, start: int, out: NDArray[np.uint8]) -> None:
        if tensor.pieces is None:
            self._parts.read_into(tensor, start, out)
            return
        check_range(tensor, start, out)
        axis, parts = tensor.pieces.axis, tensor.pieces.parts
        if axis == 0:
            self._read_in_turn(tensor.pieces, start, out)
            return
        # A row of the whole is a row of each part, one after another.
        n_row = tensor.n_bytes // max(prod(tensor.shape[:axis]), 1)
        first, last = start // n_row, -(-(start + len(out)) // n_row)
        rows = np.empty((last - first, n_row), np.uint8)
        begin = 0
        for part in parts:
            n = part.n_bytes * n_row // tensor.n_bytes
            buffer = np.empty((last - first) * n, np.uint8)
            self._parts.read_into(part, first * n, buffer)
            rows[:, begin : begin + n] = buffer.reshape(-1, n)
            begin += n
        begin = start - first * n_row
        out[:] = rows.reshape(-1)[begin : begin + len(out)]

    def _read_in_turn(self, pieces: Pieces, start: int, out: NDArray[np.uint8]) -> None:
        begin = 0
        for part, offset, n_bytes in _runs(pieces):
            low, high = max(start, begin), min(start + len(out), begin + n_bytes)
            if low < high:
                self._parts.read_into(
                    part, offset + low - begin, out[low - start : high - start]
                )
            begin += n_bytes

    def close(self) -> None:
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _runs(pieces: Pieces) -> Iterator[tuple[TensorRef, int, int]]:
    """Where in which part the whole goes on: the part, its offset, bytes."""
    for block in range(pieces.blocks):
        for part in pieces.parts:
            n_bytes = part.n_bytes // pieces.blocks
            yield part, block * n_bytes, n_bytes
