"""Could another checkpoint as well be the parent? How much farther the next one is.

Fine-tunes of one base on similar data lie on one path: the longer one is joined to the
shorter, and nothing in the weights rules that out. A margin near 1 shows the doubt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.kinship import Kinship, runs_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Independent changes of one base are √2 as far from each other as from it.
CLEAR_MARGIN = 1.3
# A checkpoint within this share of the child's distance from the parent counts as the
# parent: its copy, or its values in another type.
_AS_GOOD = 0.1


def parent_margins(
    kinship: Kinship, walk: Sequence[tuple[int, int, int]], previous: Ints
) -> Floats:
    """Distance of the next possible parent over that of the parent, by checkpoint.

    `walk` holds (checkpoint, level, parent or −1), parents before their children, each
    followed by its own descendants. Other steps of the parent's series count as the
    parent, and descendants cannot be one. NaN without a parent, Inf without another
    candidate.
    """
    n = previous.size
    run = runs_of(previous)
    place, last = _spans(walk, n)
    near = _Neighbours(kinship, n)
    margins = np.full(n, np.nan)
    for child, _, parent in walk:
        if parent < 0:
            continue
        others, distance = near.of(child)
        to_parent = distance[others == parent]
        if not to_parent.size:
            continue
        is_below = (place[others] >= place[child]) & (place[others] <= last[child])
        is_other = ~is_below & (run[others] != run[parent])
        from_parent = np.full(n, np.inf)
        beside, how_far = near.of(parent)
        from_parent[beside] = how_far
        is_other &= from_parent[others] > _AS_GOOD * to_parent[0]
        nearest = distance[is_other].min(initial=np.inf)
        margins[child] = nearest / to_parent[0] if to_parent[0] > 0 else np.inf
    return margins


def _spans(walk: Sequence[tuple[int, int, int]], n: int) -> tuple[Ints, Ints]:
    """The place of each checkpoint in the walk, and that of its last descendant."""
    place, last = np.zeros(n, np.int64), np.zeros(n, np.int64)
    open_: list[tuple[int, int]] = []
    for i, (checkpoint, level, _) in enumerate(walk):
        while open_ and open_[-1][1] >= level:
            last[open_.pop()[0]] = i - 1
        place[checkpoint] = i
        open_.append((checkpoint, level))
    for checkpoint, _ in open_:
        last[checkpoint] = len(walk) - 1
    return place, last


class _Neighbours:
    """The other ends of each checkpoint's pairs, and their distances."""

    def __init__(self, kinship: Kinship, n: int) -> None:
        ends = np.concatenate([kinship.a, kinship.b])
        order = np.argsort(ends, kind="stable")
        self._others = np.concatenate([kinship.b, kinship.a])[order]
        self._distance = np.concatenate([kinship.distance] * 2)[order]
        self._starts = np.searchsorted(ends[order], np.arange(n + 1))

    def of(self, checkpoint: int) -> tuple[Ints, Floats]:
        own = slice(self._starts[checkpoint], self._starts[checkpoint + 1])
        return self._others[own], self._distance[own]
