"""Which attention heads did a change reach? Its norm, head by head."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.layout import Layout, Projection, find_attentions
from pipeline.refs import TensorRef
from pipeline.row import Row

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class HeadedPart:
    """A matrix of q, k, v or o that holds so many heads, one after another."""

    attention: str
    part: str
    projection: Projection
    n_heads: int

    @property
    def head_size(self) -> int:
        """Rows or columns of a head, along the side that holds heads."""
        view = self.projection.view
        is_output = self.part != "o"
        along_cols = is_output == self.projection.is_transposed
        return (view.n_cols if along_cols else view.n_rows) // self.n_heads


Parts = Mapping[str, Sequence[HeadedPart]]


def find_headed_parts(tensors: Sequence[TensorRef], layout: Layout) -> Parts:
    """The parts with certain heads, by the tensor that holds them."""
    found: dict[str, list[HeadedPart]] = defaultdict(list)
    for attention in find_attentions(tensors, layout):
        for part, n_heads in attention.n_heads.items():
            projection = attention.parts[part]
            found[projection.tensor.name].append(
                HeadedPart(attention.attention, part, projection, n_heads)
            )
    return found


def head_rows(parts: Sequence[HeadedPart], old: Matrix, new: Matrix) -> list[Row]:
    """Columns of `head_changes`; old and new are whole tensors of the shape as stored.

    Heads lie along the outputs of q, k and v and along the inputs of o.
    """
    rows = []
    for one in parts:
        before, change = (_heads(one, each) for each in (old, new - old))
        for head, (norm, moved) in enumerate(zip(before, change, strict=True)):
            rows.append(
                {
                    "attention": one.attention,
                    "part": one.part,
                    "head": head,
                    "from_norm": norm,
                    "change_norm": moved,
                    "relative_change": moved / norm if norm > 0 else None,
                }
            )
    return rows


def _heads(one: HeadedPart, tensor: Matrix) -> list[float]:
    """The norm of each head."""
    matrix = one.projection.view.of(tensor)
    outputs_first = matrix.T if one.projection.is_transposed else matrix
    along = outputs_first.T if one.part == "o" else outputs_first
    heads = along.reshape(one.n_heads, -1)
    return [float(norm) for norm in np.linalg.norm(heads, axis=1)]
