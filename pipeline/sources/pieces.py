"""How are the parts of tensor-parallel files read as the tensors that they make up?

Meta's `consolidated.NN.pth` hold every tensor, cut along one axis: rows of q, k, v,
gate and up, columns of o and down; norms are whole in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.refs import Pieces, TensorRef
from pipeline.sources.ranges import check_range
from pipeline.sources.torch_reader import TorchReader

# The last module of a name, and the axis along which it is cut.
_ROWS = ("wq", "wk", "wv", "w1", "w3", "output")
_COLUMNS = ("wo", "w2")
_EMBEDDING = "tok_embeddings"


def join_parts(
    folder: Path, files: Sequence[str], tensors: Sequence[TensorRef]
) -> tuple[TensorRef, ...]:
    """Each tensor once, in the first file's order, made up of its parts in all.

    Raises SourceError when a part is missing or no rule says how it is cut.
    """
    by_name: dict[str, dict[str, TensorRef]] = {}
    for tensor in tensors:
        by_name.setdefault(tensor.name, {})[tensor.file] = tensor
    width = _width(tensors)
    joined = []
    for name, parts in by_name.items():
        lost = [file for file in files if file not in parts]
        if lost:
            raise _unjoined(folder, f"{name!r} is not in {', '.join(lost[:3])}")
        joined.append(_join(folder, [parts[file] for file in files], width))
    return tuple(joined)


def check_whole(folder: Path, tensors: Sequence[TensorRef]) -> None:
    """Raise SourceError where a lone file is a half: its projections are too narrow."""
    width = _width(tensors)
    for tensor in tensors:
        if _module(tensor) in _COLUMNS and len(tensor.shape) == 2:
            rows, columns = tensor.shape
            is_part = _module(tensor) == "wo" and rows == width and columns < width
            if is_part and width % max(columns, 1) == 0:
                n = width // columns
                what = f"{tensor.name!r} has {columns} of {width} columns: one of {n}"
                raise _unjoined(folder, f"{what} tensor-parallel parts")


def _width(tensors: Sequence[TensorRef]) -> int:
    """Of the residual stream: norms are whole in every part."""
    sizes = (t.shape[0] for t in tensors if len(t.shape) == 1 and "norm" in t.name)
    return next(sizes, 0)


def _module(tensor: TensorRef) -> str:
    return tensor.name.removesuffix(".weight").rpartition(".")[2]


def _join(folder: Path, parts: Sequence[TensorRef], width: int) -> TensorRef:
    first = parts[0]
    if any((p.shape, p.dtype) != (first.shape, first.dtype) for p in parts):
        raise _unjoined(folder, f"the parts of {first.name!r} differ in shape")
    axis = _axis(first, width)
    if axis is None:
        raise _unjoined(folder, f"no rule says how {first.name!r} is cut")
    if axis < 0 or first.skip_reason:
        return first
    shape = list(first.shape)
    shape[axis] *= len(parts)
    n_bytes = first.n_bytes * len(parts)
    pieces = Pieces(axis, tuple(parts))
    return replace(first, shape=tuple(shape), n_bytes=n_bytes, pieces=pieces)


def _axis(tensor: TensorRef, width: int) -> int | None:
    """Along which axis a tensor is cut; -1 where each part has it whole."""
    if len(tensor.shape) < 2:
        is_whole = "norm" in tensor.name or tensor.name.endswith("freqs")
        return -1 if is_whole else None
    module = _module(tensor)
    if module == _EMBEDDING:
        # Llama 1 and 2 cut the width, Llama 3 the vocabulary.
        return 0 if tensor.shape[1] == width else 1
    if module in _ROWS:
        return 0
    return 1 if module in _COLUMNS else None


def _unjoined(folder: Path, what: str) -> SourceError:
    return SourceError(
        what,
        where=str(folder),
        fix="Copy all consolidated.NN.pth of the model, or convert them with"
        " transformers' convert_llama_weights_to_hf.py",
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
            self._read_in_turn(parts, start, out)
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

    def _read_in_turn(
        self, parts: Sequence[TensorRef], start: int, out: NDArray[np.uint8]
    ) -> None:
        begin = 0
        for part in parts:
            low, high = max(start, begin), min(start + len(out), begin + part.n_bytes)
            if low < high:
                self._parts.read_into(
                    part, low - begin, out[low - start : high - start]
                )
            begin += part.n_bytes

    def close(self) -> None:
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
