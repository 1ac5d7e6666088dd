"""How is one matched pair of tensors measured, within the memory it may use?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from pipeline.compare.match import Match, Row, describe_match
from pipeline.errors import WeightlakeError
from pipeline.extract.reading import load
from pipeline.extract.settings import Settings
from pipeline.metrics.change import measure_change
from pipeline.metrics.decode import is_measurable, to_float
from pipeline.metrics.subspaces import measure_directions
from pipeline.metrics.values import TensorValues
from pipeline.refs import TensorRef
from pipeline.sources import TensorReader

Matrix = NDArray[np.float64]
MakePair = Callable[[], tuple[Matrix, Matrix]]

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
    """What every pair of one comparison is measured with.

    `known` are digests by tensor, of the old and the new side, as far as the
    warehouse holds them.
    """

    old_reader: TensorReader
    new_reader: TensorReader
    settings: Settings
    with_directions: bool
    known: tuple[Mapping[str, str], Mapping[str, str]]

    def row(self, match: Match) -> Row:
        """The columns of `tensor_changes` for one match, without whose they are."""
        row = describe_match(match)
        if match.old is None or match.new is None or match.how is None:
            return row
        skipped = match.old.skip_reason or match.new.skip_reason
        if skipped or not _are_measurable(match.old, match.new):
            return row | {
                "status": "skipped",
                "reason": skipped or "no such statistics",
            }
        if match.how != "resized" and self._are_equal(match.old, match.new):
            return row | IDENTICAL
        try:
            return row | self._compare(match, match.old, match.new)
        except WeightlakeError as error:
            return row | {"status": "failed", "reason": str(error)}

    def _are_equal(self, old: TensorRef, new: TensorRef) -> bool:
        digest = self.known[0].get(old.name)
        return digest is not None and digest == self.known[1].get(new.name)

    def _compare(self, match: Match, old: TensorRef, new: TensorRef) -> Row:
        limit = self.settings.memory_bytes // (4 * self.settings.threads)
        a = load(self.old_reader, old, largest_bytes=limit).values
        b = load(self.new_reader, new, largest_bytes=limit).values
        if a.resident is None or b.resident is None or match.how == "transposed":
            return self._compare_large(match, a, b)
        x, y = (to_float(v.array(), v.dtype) for v in (a, b))
        if match.how == "resized":
            n = min(len(x), len(y))
            x, y = x[:n], y[:n]
        return self.with_subspaces(measure_change([(x, y)]), x.shape, _in_float64(x, y))

    def _compare_large(self, match: Match, a: TensorValues, b: TensorValues) -> Row:
        if match.how != "transposed":
            return measure_change(_walk(a, b))
        if a.resident is None or b.resident is None:
            return {
                "status": "skipped",
                "reason": "too large to be turned: raise --memory",
            }
        x, y = (to_float(v.array(), v.dtype) for v in (a, b))
        x = np.ascontiguousarray(x.T)
        return self.with_subspaces(measure_change([(x, y)]), x.shape, _in_float64(x, y))

    def with_subspaces(self, row: Row, shape: tuple[int, ...], pair: MakePair) -> Row:
        """The row with the columns of matrices, where these were asked for.

        `pair` makes old and new in float64, if there is the memory for them.
        """
        row |= {"n_elements": prod(shape)}
        is_changed = row["status"] == "ok" and row["change_norm"] > 0
        if row["status"] == "ok" and not is_changed:
            row["status"] = "identical"
        is_matrix = len(shape) == 2 and min(shape) > 1
        if not (self.with_directions and is_changed and is_matrix):
            return row
        row["design_rank"] = min(shape)
        if row["n_left_out"]:
            return row
        need = 6 * 8 * prod(shape)
        if need > self.settings.memory_bytes // self.settings.threads:
            return row | {"reason": f"directions need {need} bytes: raise --memory"}
        return row | measure_directions(*pair())


def _in_float64(x: NDArray[np.floating], y: NDArray[np.floating]) -> MakePair:
    return lambda: (x.astype(np.float64), y.astype(np.float64))


def _walk(
    a: TensorValues, b: TensorValues
) -> Iterator[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Blocks of equal rows, as far as both go."""
    for x, y in zip(a.row_blocks(), b.row_blocks(), strict=False):
        n = min(len(x), len(y))
        yield x[:n], y[:n]


def _are_measurable(*tensors: TensorRef) -> bool:
    return all(is_measurable(tensor.dtype) for tensor in tensors)
