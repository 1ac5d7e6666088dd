"""Where would a matrix's entries lie if chance had placed them? A uniform shuffle.

A shuffle of a large array in memory waits for memory at every swap. Here every element
is first dealt to one of a few buckets, each of which fits in a core's cache, and the
buckets are then shuffled one by one: every order is as likely as any other (Rao 1961,
Sandelius 1962).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# What a core's second cache holds is shuffled at once.
_CACHE_BYTES = 1 << 20

# As many as a byte has values: random bytes cost a fourth of bounded random numbers.
_N_BUCKETS = 256

Array = NDArray[np.generic]


def shuffle(values: Array, rng: np.random.Generator) -> Array:
    """The elements of a 1-D array in random order, as a new array."""
    if values.nbytes <= _CACHE_BYTES:
        dealt, stops = values.copy(), np.array([values.size])
    else:
        labels = rng.integers(0, _N_BUCKETS, values.size, np.uint8)
        dealt, stops = np.empty_like(values), np.zeros(_N_BUCKETS, np.int64)
        _deal(values, labels, stops, dealt)
    start = 0
    for stop in stops.tolist():
        _swap(dealt[start:stop], rng.random(stop - start))
        start = stop
    return dealt


@njit(nogil=True, cache=True)
def _deal(
    values: Array, labels: NDArray[np.uint8], stops: NDArray[np.int64], out: Array
) -> None:
    """Sort by label into `out`; `stops`, zeros before, is where each label ends."""
    for label in labels:
        stops[label] += 1
    first = 0
    for bucket in range(stops.size):
        first, stops[bucket] = first + stops[bucket], first
    for i in range(values.size):
        label = labels[i]
        out[stops[label]] = values[i]
        stops[label] += 1


@njit(nogil=True, cache=True)
def _swap(values: Array, u: NDArray[np.float64]) -> None:
    """Fisher & Yates's shuffle in place; `u` are uniform on [0, 1)."""
    for i in range(values.size - 1, 0, -1):
        j = int(u[i] * (i + 1))
        values[i], values[j] = values[j], values[i]
