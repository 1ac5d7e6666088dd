"""How is one matched pair of tensors measured, within the memory it may use?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np
from numpy.typing import NDArray

from pipeline.compare.conventions import Candidate
from pipeline.compare.forms import (
    Conventions,
    choose_convention,
    reform,
    walk_blocks,
    walk_pairs,
)
from pipeline.compare.heads import HeadedPart, Parts, head_rows
from pipeline.compare.matched import Match, describe_match
from pipeline.dtypes import DTYPES
from pipeline.errors import WeightlakeError
from pipeline.extract.reading import load
from pipeline.metrics.arrays.decode import is_measurable
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.changes.change import measure_change
from pipeline.metrics.changes.kinds import name_change
from pipeline.metrics.changes.orders import Orders, moves_blocks
from pipeline.metrics.changes.subspaces import measure_directions
from pipeline.refs import TensorRef
from pipeline.row import Row
from pipeline.sources import TensorReader
from pipeline.stages.settings import StageSettings

Block = NDArray[np.floating]
Matrix = NDArray[np.float64]
MakePair = Callable[[], tuple[Matrix, Matrix]]

# Of a pair in float64, that its directions and the kind of its change take at most.
_COPIES = 8

# What a pair of equal digests says without being read.
IDENTICAL: Row = {
    "status": "identical",
    "n_left_out": 0,
    "change_norm": 0.0,
    "relative_change": 0.0,
    "cosine_similarity": 1.0,
    "unchanged_fraction": 1.0,
    "sign_flip_fraction": 0.0,
    "abs_max_change": 0.0,
}


@dataclass(frozen=True)
class PairJob:
    """The options and facts with which every pair of one comparison is measured.

    `known` are digests by tensor, of the old and the new side, as far as the
    warehouse holds them; `parts` the matrices of the old side that hold heads, and
    `conventions` what is known of both sides' ways to store weights.
    """

    old_reader: TensorReader
    new_reader: TensorReader
    settings: StageSettings
    with_directions: bool
    known: tuple[Mapping[str, str], Mapping[str, str]]
    parts: Parts
    conventions: Conventions

    def row(self, match: Match) -> Row:
        """The columns of `tensor_changes` for one match, without the checkpoints'."""
        row = describe_match(match)
        if match.old is None or match.new is None or match.how is None:
            return row
        skipped = match.old.skip_reason or match.new.skip_reason
        if skipped or not _are_measurable(match.old, match.new):
            return row | {
                "status": "skipped",
                "reason": skipped or "no such statistics",
            }
        is_whole = match.how != "resized" and not match.is_reformed
        if is_whole and self._are_equal(match.old, match.new):
            return row | IDENTICAL
        try:
            return row | self._compare(match, match.old, match.new)
        except WeightlakeError as error:
            return row | {"status": "failed", "reason": str(error)}

    def _are_equal(self, old: TensorRef, new: TensorRef) -> bool:
        digest = self.known[0].get(old.name)
        return digest is not None and digest == self.known[1].get(new.name)

    def _compare(self, match: Match, old: TensorRef, new: TensorRef) -> Row:
        a, b = self.values(self.old_reader, old), self.values(self.new_reader, new)
        if match.is_reformed:
            n_bytes = 3 * (old.n_bytes + new.n_bytes)
            if n_bytes > self.settings.memory_bytes // self.settings.threads:
                reason = f"to cut or turn it takes {n_bytes} bytes: raise --memory"
                return {"status": "skipped", "reason": reason}
            a = reform(a, match.old_part, is_turned=match.is_turned)
            b = reform(b, match.new_part, shape=a.shape)
        row = measure_change(walk_pairs(a, b))
        shape = ((min(a.shape[0], b.shape[0]), *b.shape[1:])) if b.shape else ()
        chosen: Candidate | None = None
        if row["status"] == "ok" and row["change_norm"] > 0 and a.shape == b.shape:
            chosen, row = choose_convention((a, b), row, match, self.conventions)
        row |= self._said(match, chosen)

        def pair() -> tuple[Matrix, Matrix]:
            x, y = _as_matrices(a, b)
            if chosen is None:
                return x, y
            one, other = chosen.bring_matrices(x, y)
            return one.astype(np.float64), other.astype(np.float64)

        return self.with_subspaces(row, match, shape, pair)

    def _said(self, match: Match, chosen: Candidate | None) -> Row:
        """The columns that say how the two were brought to one convention."""
        parts = (("old", match.old_part), ("new", match.new_part))
        said = [f"{side} {part.text}" for side, part in parts if part]
        said += ["old turned"] if match.is_turned else []
        if chosen is None:
            return {"convention": ", ".join(said) or None}
        reasons = [match.reason, f"{chosen.text}: {chosen.convention.meaning}"]
        return {
            "convention": ", ".join([*said, chosen.text]),
            "reason": "; ".join(text for text in reasons if text),
        }

    def values(self, reader: TensorReader, tensor: TensorRef) -> TensorValues:
        """The tensor's values, left in its file; codes are decoded where they fit."""
        if tensor.quantised:
            limit = self.settings.memory_bytes // (4 * self.settings.threads)
            return load(reader, tensor, largest_bytes=limit).values
        # `load` would also hash the values, and the digest is not needed here.
        read = partial(reader.read_into, tensor)
        return TensorValues(tensor.dtype, tensor.shape, read=read)

    def with_subspaces(
        self, row: Row, match: Match, shape: tuple[int, ...], pair: MakePair
    ) -> Row:
        """The row with the columns of matrices, where these were asked for.

        `pair` makes old and new in float64, if there is the memory for them. Under
        `heads` come rows of `head_changes`, where the old side holds heads.
        """
        row |= {"n_elements": prod(shape)}
        is_changed = row["status"] == "ok" and row["change_norm"] > 0
        if row["status"] == "ok" and not is_changed:
            row["status"] = "identical"
        if not (self.with_directions and is_changed):
            return row
        is_matrix = len(shape) == 2 and min(shape) > 1
        if is_matrix:
            row["design_rank"] = min(shape)
        if row["n_left_out"]:
            return row
        need = _COPIES * 8 * prod(shape)
        if need > self.settings.memory_bytes // self.settings.threads:
            return row | {"reason": f"directions need {need} bytes: raise --memory"}
        old, new = pair()
        if not is_matrix:
            # A vector is one column; kernels lie beside each other.
            old, new = (x.reshape(len(x) if x.ndim else 1, -1) for x in (old, new))
            return row | _name_order(name_change(old, new, sigma=None, eps=None), ())
        parts: Sequence[HeadedPart] = ()
        if match.old and match.how not in ("transposed", "resized", "part"):
            parts = self.parts.get(match.old.name, ())
        found = measure_directions(old, new, eps=_epsilon(match))
        return row | _name_order(found, parts) | {"heads": head_rows(parts, old, new)}


def _epsilon(match: Match) -> float | None:
    """Of the new side's dtype; what an adapter adds is not rounded."""
    if match.new is None or match.how == "adapter" or match.new.quantised:
        return None
    return DTYPES[match.new.dtype].eps


def _name_order(found: Row, parts: Sequence[HeadedPart]) -> Row:
    """With what a permutation moves: heads where every moved side moves in heads."""
    orders: Orders | None = found.pop("orders", None)
    left = found.pop("left", None)
    if orders is None:
        return found
    moved = orders.side()
    sizes = {part.head_size for part in parts}
    order = orders.cols if moved == "cols" else orders.rows
    if moved != "both" and any(moves_blocks(order, size) for size in sizes):
        moved = "heads"
    if left is not None:
        reason = f"a new order and training: {left:.3g} of the old norm changed besides"
        found["reason"] = reason
    return found | {"permuted": moved}


def _as_matrix(values: TensorValues) -> Matrix:
    blocks = walk_blocks(values)
    return np.concatenate([block.astype(np.float64) for block in blocks])


def _as_matrices(a: TensorValues, b: TensorValues) -> tuple[Matrix, Matrix]:
    """Whole, but for rows that only one of them has."""
    x, y = _as_matrix(a), _as_matrix(b)
    n = min(len(x), len(y))
    return x[:n], y[:n]


def _are_measurable(*tensors: TensorRef) -> bool:
    return all(is_measurable(tensor.dtype) for tensor in tensors)
