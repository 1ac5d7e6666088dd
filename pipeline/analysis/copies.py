"""Which checkpoints are copies, and of which original? Rounded, quantised, or equal.

A rounded copy lies so near to its original that any third checkpoint is as far from one
as from the other. Descent is therefore estimated from the originals alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.directions import Relation
from pipeline.analysis.kinship import Kinship

Ints = NDArray[np.int64]


def find_copies(
    kinship: Kinship,
    relation: list[Relation],
    sign: Ints,
    has_parent: NDArray[np.bool_],
) -> dict[int, int]:
    """The original of each copy, by checkpoint.

    `sign` is +1 where a of a pair came first, −1 where b did. Of equal checkpoints the
    original is the one with a stated parent, then the one with more elements to
    compare, then the first. The original of a rounded copy is the nearest checkpoint of
    a finer type, because codes are near to all kin. A checkpoint with a stated parent
    is no copy.
    """
    word = np.array(relation)
    # A copy of a part of a model shares fewer elements with the other checkpoints.
    most = np.zeros(has_parent.size)
    for ends in (kinship.a, kinship.b):
        np.maximum.at(most, ends, kinship.n_elements)

    def rank(i: int) -> tuple[bool, float, int]:
        return not has_parent[i], -float(most[i]), i

    originals: dict[int, int] = {}
    same = np.flatnonzero(word == "same")
    for a, b in zip(kinship.a[same].tolist(), kinship.b[same].tolist(), strict=True):
        first, last = sorted((a, b), key=rank)
        best = originals.get(last, first)
        originals[last] = min(best, first, key=rank)
    nearest: dict[int, tuple[float, tuple[bool, float, int]]] = {}
    for i in np.flatnonzero((word == "rounded") & (sign != 0)).tolist():
        pair = int(kinship.a[i]), int(kinship.b[i])
        original, copy = pair if sign[i] > 0 else pair[::-1]
        found = float(kinship.distance[i]), rank(original)
        nearest[copy] = min(nearest.get(copy, found), found)
    copies = originals | {copy: found[1][2] for copy, found in nearest.items()}
    return {copy: of for copy, of in copies.items() if not has_parent[copy]}
