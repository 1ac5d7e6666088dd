"""How are two tensors brought to one form and convention, and walked side by side?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.compare.conventions import (
    CLOSE,
    EXPLAINED,
    Candidate,
    list_candidates,
)
from pipeline.compare.fused import Part
from pipeline.compare.matched import Match
from pipeline.dtypes import DTYPES
from pipeline.layout import Layout
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.changes.change import measure_change
from pipeline.refs import Checkpoint
from pipeline.row import Row

Block = NDArray[np.floating]


@dataclass(frozen=True)
class Conventions:
    """What decides which conventions are tried: layouts and formats of both sides."""

    layouts: tuple[Layout, Layout]
    is_gguf: tuple[bool, bool]

    @classmethod
    def of(
        cls, checkpoints: tuple[Checkpoint, Checkpoint], layouts: tuple[Layout, Layout]
    ) -> Conventions:
        one, other = (each.format == "gguf" for each in checkpoints)
        return cls(layouts, (one, other))

    def candidates(self, match: Match, n_outputs: int) -> list[Candidate]:
        """Conventions in which one side of the match may be stored."""
        place = match.location
        return list_candidates(
            place.component,
            place.parameter,
            n_outputs,
            head_size=self._head_size(match, n_outputs),
            gguf=self.is_gguf,
        )

    def _head_size(self, match: Match, n_outputs: int) -> int | None:
        """By the head count of whichever side knows it."""
        for tensor, layout in zip((match.old, match.new), self.layouts, strict=True):
            if tensor is None:
                continue
            sizes = layout.sizes(tensor.name)
            is_key = match.location.component.startswith("k")
            count = sizes.n_kv_heads if is_key else sizes.n_heads
            if count and n_outputs % count == 0 and n_outputs > count:
                return n_outputs // count
        return None


def choose_convention(
    values: tuple[TensorValues, TensorValues],
    row: Row,
    match: Match,
    conventions: Conventions,
) -> tuple[Candidate | None, Row]:
    """The convention that explains most of the difference, and the rest of it.

    (None, row) where none removes at least half of what lies between the two as stored.
    """
    a, b = values
    cosine = row["cosine_similarity"]
    is_close = cosine is not None and cosine > CLOSE
    best, least = None, row
    for candidate in conventions.candidates(match, a.shape[0] if a.shape else 1):
        if candidate.convention.in_heads and is_close:
            continue
        found = measure_change(walk_pairs(a, b, candidate))
        norm = found.get("change_norm")
        if found["status"] != "ok" or norm is None or found["n_left_out"]:
            continue
        if norm <= EXPLAINED * row["change_norm"] and norm < least["change_norm"]:
            best, least = candidate, found
    return best, least


def reform(
    values: TensorValues,
    part: Part | None,
    *,
    is_turned: bool = False,
    shape: tuple[int, ...] | None = None,
) -> TensorValues:
    """The part of a tensor, turned or reshaped, in memory and in its stored type."""
    if values.is_packed:
        raise ValueError("values that share a byte are cut nowhere")
    if values.resident is None:
        assert values.read is not None, "a tensor is resident or readable"  # noqa: S101
        stored = np.empty(values.n_elements, DTYPES[values.dtype].numpy)
        values.read(0, stored.view(np.uint8))
        values = TensorValues(values.dtype, values.shape, stored.view(np.uint8))
    array = part.of(values.array()) if part else values.array()
    array = np.ascontiguousarray(array.T if is_turned else array)
    if shape is not None:
        array = array.reshape(shape)
    return TensorValues(values.dtype, array.shape, array.reshape(-1).view(np.uint8))


def walk_pairs(
    a: TensorValues, b: TensorValues, candidate: Candidate | None = None
) -> Iterator[tuple[Block, Block]]:
    """Blocks of equal rows, as far as both go; each is in place until the next.

    With a candidate, in the convention of the side that has it.
    """
    x: Block = np.empty((0, 0))
    y: Block = x
    size = candidate.head_size if candidate else 1
    blocks, others = walk_blocks(a, size), walk_blocks(b, size)
    if candidate:
        blocks, others = candidate.bring(blocks, others)
    while True:
        # The two may be of unlike dtypes, and so come in blocks of unlike heights.
        if not len(x):
            x = next(blocks, x)
        if not len(y):
            y = next(others, y)
        n = min(len(x), len(y))
        if n == 0:
            return
        yield x[:n], y[:n]
        x, y = x[n:], y[n:]


def walk_blocks(values: TensorValues, multiple_of: int = 1) -> Iterator[Block]:
    """Rows of a matrix, entries of a vector."""
    for block in values.row_blocks(multiple_of=multiple_of):
        yield block.reshape(-1) if len(values.shape) < 2 else block
