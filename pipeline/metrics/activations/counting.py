"""What does one pass over a block of activations count? The inner loops.

Columns are dimensions (neurons), rows are tokens. Tiles of 64 × 64 stay in the nearest
cache while they are read twice: once for sums, in vector registers, and once for the
counts, value by value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.metrics.activations.tiles import (
    TILE,
    Sums,
    Tile,
    Tokens,
    copy_tile,
    keep_sums,
    new_sums,
    sum_rows,
    sum_tile,
)

# Bins of |x| and sign by the upper bits of its float32 pattern: eight to an octave.
FINE_SHIFT = 20
N_FINE = 4096
# Octaves of |x| that are kept for each column: 2^-24 … 2^15; the ends take the rest.
LOWEST_OCTAVE = -24
N_OCTAVES = 40

F64 = NDArray[np.float64]


class Tops(NamedTuple):
    """The largest values of each column and the tokens they were seen at, (d, k)."""

    values: NDArray[np.float32]
    tokens: NDArray[np.int64]


@njit(nogil=True, cache=True)
def _count_tile(
    bits: NDArray[np.uint32], shape: tuple[int, int], fine: NDArray[np.uint32]
) -> None:
    for i in range(shape[0]):
        for j in range(shape[1]):
            fine[bits[i, j] >> np.uint32(FINE_SHIFT)] += np.uint32(1)


@njit(nogil=True, cache=True)
def _count_neurons(
    near: NDArray[np.float32],
    bits: NDArray[np.uint32],
    tile: tuple[int, int, int, int],
    kept: tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]],
    tops: Tops,
) -> None:
    first, last, left, right = tile
    fine, octaves, ids = kept
    n_top = tops.values.shape[1]
    # Column by column, so that its octaves and its smallest top stay in the cache.
    for j in range(left, right):
        least = tops.values[j, n_top - 1]
        own = octaves[j]
        for i in range(first, last):
            code = bits[i - first, j - left]
            fine[code >> np.uint32(FINE_SHIFT)] += np.uint32(1)
            exponent = np.int64((code >> np.uint32(23)) & np.uint32(0xFF)) - 127
            own[min(max(exponent - LOWEST_OCTAVE, 0), N_OCTAVES - 1)] += 1
            v = near[i - first, j - left]
            # Among equal values the earlier token stays; NaN compares as false.
            if v >= least and exponent < 128:
                _insert(tops.values[j], tops.tokens[j], v, ids[i])
                least = tops.values[j, n_top - 1]


@njit(nogil=True, cache=True)
def _insert(
    values: NDArray[np.float32], tokens: NDArray[np.int64], v: np.float32, token: int
) -> None:
    place = values.size
    while place > 0 and (
        v > values[place - 1] or (v == values[place - 1] and token < tokens[place - 1])
    ):
        place -= 1
    if place == values.size:
        return
    for k in range(values.size - 1, place, -1):
        values[k] = values[k - 1]
        tokens[k] = tokens[k - 1]
    values[place] = v
    tokens[place] = token


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _sum_odd_tile(x: NDArray[np.float32], tile: Tile, sums: Sums, rows: Tokens) -> None:
    """The sums of a tile with values that are not finite: they are left out."""
    first, last, left, right = tile
    largest = np.float32(3.4028235e38)
    zero = np.float32(0)
    for i in range(first, last):
        square, count, top = 0.0, 0, zero
        for j in range(left, right):
            v = x[i, j]
            size = abs(v)
            is_finite = size <= largest
            size = size if is_finite else zero
            v = v if is_finite else zero
            d = np.float64(v) - sums.shift[j] if is_finite else 0.0
            d2 = d * d
            sums.powers[0, j] += d
            sums.powers[1, j] += d2
            sums.powers[2, j] += d2 * d
            sums.powers[3, j] += d2 * d2
            sums.others[0, j] += size
            is_positive = v > zero
            sums.others[1, j] += v if is_positive else zero
            sums.others[2, j] += 0.0 if is_finite else 1.0
            sums.positive[j] += 1 if is_positive else 0
            low = v if is_finite else np.float32(3.4028235e38)
            high = v if is_finite else np.float32(-3.4028235e38)
            sums.extremes[0, j] = min(sums.extremes[0, j], low)
            sums.extremes[1, j] = max(sums.extremes[1, j], high)
            square += np.float64(v) * np.float64(v)
            count += 1 if is_positive else 0
            top = max(top, size)
        rows.squares[i] += square
        rows.positive[i] += count
        rows.largest[i] = max(rows.largest[i], top)


@njit(nogil=True, cache=True)
def count_sites(
    x: NDArray[np.float32],
    columns: tuple[int, int],
    sums: Sums,
    rows: Tokens,
    fine: NDArray[np.uint32],
) -> None:
    """Add a stretch of the columns of a block (n, d)."""
    near = np.empty((TILE, TILE), np.float32)
    bits = near.view(np.uint32)
    held = new_sums(columns, sums)
    for first in range(0, len(x), TILE):
        last = min(first + TILE, len(x))
        is_finite = sum_rows(x, (first, last, columns[0], columns[1]), rows)
        for left in range(columns[0], columns[1], TILE):
            tile = (first, last, left, min(left + TILE, columns[1]))
            copy_tile(x, tile, near)
            if is_finite:
                sum_tile(near, tile, held)
            else:
                _sum_odd_tile(x, tile, sums, rows)
            _count_tile(bits, (last - first, tile[3] - left), fine)
    keep_sums(columns, held, sums)


@njit(nogil=True, cache=True)
def count_neurons(
    x: NDArray[np.float32],
    columns: tuple[int, int],
    sums: Sums,
    rows: Tokens,
    kept: tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]],
    tops: Tops,
) -> None:
    """As `count_sites`; of each column also its octaves and largest values."""
    near = np.empty((TILE, TILE), np.float32)
    bits = near.view(np.uint32)
    held = new_sums(columns, sums)
    for first in range(0, len(x), TILE):
        last = min(first + TILE, len(x))
        is_finite = sum_rows(x, (first, last, columns[0], columns[1]), rows)
        for left in range(columns[0], columns[1], TILE):
            tile = (first, last, left, min(left + TILE, columns[1]))
            copy_tile(x, tile, near)
            if is_finite:
                sum_tile(near, tile, held)
            else:
                _sum_odd_tile(x, tile, sums, rows)
            _count_neurons(near, bits, tile, kept, tops)
    keep_sums(columns, held, sums)
