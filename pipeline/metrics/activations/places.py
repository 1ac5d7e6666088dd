"""How do activations differ by position, by length of the text, and by token?

Positions and lengths are taken together in buckets: 0, 1, 2, 3, then by powers of two,
so that their number does not grow with the texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.metrics.activations.tiles import Tokens

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

N_BUCKETS = 24


def bucket_of(places: I64) -> I64:
    """The bucket of each position or length."""
    small = np.minimum(places, 3)
    octave = np.floor(np.log2(np.maximum(places, 4))).astype(np.int64) + 2
    return np.minimum(np.where(places < 4, small, octave), N_BUCKETS - 1)


def bucket_range(bucket: int) -> tuple[int, int]:
    """The first and last place of a bucket; the last bucket has no end of its own."""
    if bucket < 4:
        return bucket, bucket
    return 1 << (bucket - 2), (1 << (bucket - 1)) - 1


def sum_magnitudes(x: NDArray[np.float32], groups: I64, n_groups: int) -> F64:
    """Σ |x| of each column by group of rows (n_groups, d); NaN and Inf count as 0."""
    sums = np.zeros((n_groups, x.shape[1]))
    _add_magnitudes(x, groups, sums)
    return sums


@njit(nogil=True, cache=True)
def _add_magnitudes(x: NDArray[np.float32], groups: I64, sums: F64) -> None:
    largest = np.float32(3.4028235e38)
    for i in range(x.shape[0]):
        into = sums[groups[i]]
        for j in range(x.shape[1]):
            size = abs(x[i, j])
            into[j] += np.float64(size) if size <= largest else 0.0


@dataclass
class GroupSums:
    """For groups of tokens: their number, Σ rms, and Σ share of positive dimensions.

    `largest` is the largest magnitude in any dimension of a group's tokens.
    """

    n_groups: int
    n: I64 = field(init=False)
    rms: F64 = field(init=False)
    positive: F64 = field(init=False)
    largest: F64 = field(init=False)

    def __post_init__(self) -> None:
        self.n = np.zeros(self.n_groups, np.int64)
        self.rms, self.positive = np.zeros(self.n_groups), np.zeros(self.n_groups)
        self.largest = np.zeros(self.n_groups)

    def add(self, groups: I64, rows: Tokens, d: int) -> None:
        """Add tokens of d dimensions, each to its group."""
        self.n += np.bincount(groups, minlength=self.n_groups)
        sizes = np.sqrt(rows.squares / d)
        self.rms += np.bincount(groups, sizes, self.n_groups)
        self.positive += np.bincount(groups, rows.positive / d, self.n_groups)
        np.maximum.at(self.largest, groups, rows.largest.astype(np.float64))
