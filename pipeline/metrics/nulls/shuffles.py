"""Where would a matrix's entries lie if chance had placed them? A uniform shuffle.

A plain shuffle of a large array waits for memory at every swap, and needs a second
array. Here a hash of its place deals each element to one of 256 buckets that fit in a
core's cache, and the buckets are shuffled one by one. Every order is equally likely
(Rao 1961, Sandelius 1962), and only some buckets are in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Arrays that fit in a core's second cache are shuffled in one piece.
CACHE_BYTES = 1 << 20
# The approximate size of the part of a larger array that is held in memory.
PIECE_BYTES = 1 << 25

_N_BUCKETS = 256
_CHUNK = 4096

Array = NDArray[np.generic]


def shuffle(values: Array, seed: tuple[int, ...]) -> Iterator[Array]:
    """The elements of a 1-D array in random order, as consecutive pieces.

    Equal seeds give equal orders. Each piece is overwritten by the next; `values` does
    not change.
    """
    rng = np.random.default_rng(seed)
    if values.nbytes <= CACHE_BYTES:
        yield _mix(values.copy(), rng)
        return
    key = rng.integers(0, 1 << 64, dtype=np.uint64)
    counts = np.zeros(_N_BUCKETS, np.int64)
    _count(values.size, key, counts)
    n_pieces = min(-(-values.nbytes // PIECE_BYTES), _N_BUCKETS)
    edges = np.arange(n_pieces + 1) * _N_BUCKETS // n_pieces
    buffer = np.empty(np.add.reduceat(counts, edges[:-1]).max(), values.dtype)
    for low, high in pairwise(edges.tolist()):
        stops = np.cumsum(counts[low:high])
        piece = buffer[: stops[-1]]
        _deal(values, key, low, stops - counts[low:high], piece)
        for start, stop in zip(stops - counts[low:high], stops, strict=True):
            _mix(piece[start:stop], rng)
        yield piece


def shuffle_rows(values: Array, n_cols: int, seed: tuple[int, ...]) -> Iterator[Array]:
    """Shuffle into blocks of whole rows; an incomplete last row is dropped."""
    rest = values[:0]
    for piece in shuffle(values, seed):
        missing = min(-rest.size % n_cols, piece.size)
        rest = np.concatenate([rest, piece[:missing]])
        if rest.size == n_cols:
            yield rest[None]
            rest = rest[:0]
        stop = missing + (piece.size - missing) // n_cols * n_cols
        yield piece[missing:stop].reshape(-1, n_cols)
        rest = np.concatenate([rest, piece[stop:]])


def _mix(values: Array, rng: np.random.Generator) -> Array:
    _swap(values, rng.random(values.size))
    return values


@njit(nogil=True, cache=True)
def _choose_buckets(first: int, key: np.uint64, buckets: NDArray[np.uint8]) -> None:
    """One byte of SplitMix64 (Steele, Lea & Flood 2014) per place, from `first` on."""
    start = key + np.uint64(first + 1) * np.uint64(0x9E3779B97F4A7C15)
    for i in range(buckets.size):
        z = start + np.uint64(i) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        buckets[i] = (z ^ (z >> np.uint64(31))) >> np.uint64(56)


@njit(nogil=True, cache=True)
def _count(n: int, key: np.uint64, counts: NDArray[np.int64]) -> None:
    buckets = np.empty(_CHUNK, np.uint8)
    for first in range(0, n, _CHUNK):
        here = buckets[: min(_CHUNK, n - first)]
        _choose_buckets(first, key, here)
        for bucket in here:
            counts[bucket] += 1


@njit(nogil=True, cache=True)
def _deal(
    values: Array, key: np.uint64, low: int, starts: NDArray[np.int64], out: Array
) -> None:
    """Put the elements of buckets `low` and on into `out`, from `starts` on."""
    buckets = np.empty(_CHUNK, np.uint8)
    for first in range(0, values.size, _CHUNK):
        here = buckets[: min(_CHUNK, values.size - first)]
        _choose_buckets(first, key, here)
        for i in range(here.size):
            bucket = np.int64(here[i]) - low
            if 0 <= bucket < starts.size:
                out[starts[bucket]] = values[first + i]
                starts[bucket] += 1


@njit(nogil=True, cache=True)
def _swap(values: Array, u: NDArray[np.float64]) -> None:
    """Fisher & Yates's shuffle in place; `u` are uniform on [0, 1)."""
    for i in range(values.size - 1, 0, -1):
        j = int(u[i] * (i + 1))
        values[i], values[j] = values[j], values[i]
