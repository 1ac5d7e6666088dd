"""What are the sums of a stretch of columns? Vectorised, where all values are finite.

What is written lies in one array at constant distances: the compiler then has few
checks to make whether it is read as well, and vectorises the loops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

TILE = 64

F64 = NDArray[np.float64]
Singles = NDArray[np.float32]
Tile = tuple[int, int, int, int]

# The compiler may reorder sums; NaN and Inf stay what they are.
_FAST = {"reassoc", "contract", "nsz"}


# The float32 pattern from which on a magnitude is Inf or NaN.
_INFINITY = 0x7F800000


class Sums(NamedTuple):
    """Of each column: powers of d = x − shift (4, d), and three other sums (3, d).

    `others` are Σ|x|, Σx over x > 0, and the non-finite values; `positive` counts
    x > 0; `extremes` are the smallest and largest value.
    """

    shift: F64
    powers: F64
    others: F64
    positive: NDArray[np.int64]
    extremes: Singles


class Tokens(NamedTuple):
    """Of each row: Σx², the number of x > 0, and the largest magnitude."""

    squares: F64
    positive: NDArray[np.int64]
    largest: Singles


class Held(NamedTuple):
    """By tile of TILE columns from `first`: shifts and sums, bounds and counts."""

    first: int
    wide: F64
    narrow: Singles


@njit(nogil=True, cache=True)
def new_sums(columns: tuple[int, int], sums: Sums) -> Held:
    """What is held of a stretch of columns while its rows are gone through."""
    left, right = columns
    n_tiles = (right - left + TILE - 1) // TILE
    wide = np.zeros((n_tiles, 7 * TILE))
    narrow = np.zeros((n_tiles, 3 * TILE), np.float32)
    for j in range(right - left):
        wide[j // TILE, j % TILE] = sums.shift[left + j]
        narrow[j // TILE, j % TILE] = sums.extremes[0, left + j]
        narrow[j // TILE, TILE + j % TILE] = sums.extremes[1, left + j]
    return Held(left // TILE, wide, narrow)


@njit(nogil=True, cache=True)
def copy_tile(x: Singles, tile: Tile, near: Singles) -> None:
    """Copy a tile to where its rows lie one after another.

    Rows of a block whose width is a power of two would push each other out of the
    nearest cache.
    """
    first, last, left, right = tile
    for i in range(last - first):
        for j in range(right - left):
            near[i, j] = x[first + i, left + j]


@njit(nogil=True, cache=True)
def sum_tile(near: Singles, tile: Tile, held: Held) -> None:
    """Add the copy of a tile of values that are all finite."""
    first, last, left, right = tile
    k = left // TILE - held.first
    wide, narrow = held.wide[k], held.narrow[k]
    n, width = last - first, right - left
    whole = n - n % 4
    _add_fours(near, (0, whole, 0, width), wide)
    _bound_fours(near, (0, whole, 0, width), narrow)
    _add_rows(near, (whole, n, 0, width), wide, narrow)


@njit(nogil=True, cache=True)
def keep_sums(columns: tuple[int, int], held: Held, sums: Sums) -> None:
    """Add what was held to the sums."""
    left, right = columns
    for j in range(right - left):
        wide, narrow = held.wide[j // TILE], held.narrow[j // TILE]
        at, to = j % TILE, left + j
        for k in range(4):
            sums.powers[k, to] += wide[at + (k + 1) * TILE]
        sums.others[0, to] += wide[at + 5 * TILE]
        sums.others[1, to] += wide[at + 6 * TILE]
        sums.positive[to] += np.int64(narrow[at + 2 * TILE])
        sums.extremes[0, to] = min(sums.extremes[0, to], narrow[at])
        sums.extremes[1, to] = max(sums.extremes[1, to], narrow[at + TILE])


@njit(nogil=True, cache=True)
def sum_rows(x: Singles, tile: Tile, rows: Tokens) -> bool:
    """Add to the sums of at most TILE rows; nothing if a value is not finite."""
    first, last, left, right = tile
    bits = x.view(np.int32)
    squares, counts, tops = np.empty(TILE), np.empty(TILE), np.empty(TILE, np.int32)
    for i in range(first, last):
        top = _largest_bits(bits, i, left, right)
        if top >= _INFINITY:
            return False
        tops[i - first] = top
        squares[i - first], counts[i - first] = _sum_row(x, i, left, right)
    largest = tops.view(np.float32)
    for i in range(first, last):
        rows.squares[i] += squares[i - first]
        rows.positive[i] += np.int64(counts[i - first])
        rows.largest[i] = max(rows.largest[i], largest[i - first])
    return True


@njit(nogil=True, cache=True, fastmath=_FAST)
def _sum_row(x: Singles, i: int, left: int, right: int) -> tuple[float, float]:
    """Σx², and the number of x > 0."""
    zero = np.float32(0)
    square, count = 0.0, zero
    for j in range(left, right):
        wide = np.float64(x[i, j])
        square += wide * wide
    for j in range(left, right):
        count += np.float32(1) if x[i, j] > zero else zero
    return square, float(count)


@njit(nogil=True, cache=True)
def _largest_bits(bits: NDArray[np.int32], i: int, left: int, right: int) -> int:
    """The pattern of the largest |x|: patterns of magnitudes are in their order."""
    top, magnitude = np.int32(0), np.int32(0x7FFFFFFF)
    for j in range(left, right):
        size = np.int32(bits[i, j] & magnitude)
        top = max(top, size)
    return int(top)


@njit(nogil=True, cache=True, fastmath=_FAST)
def _add_fours(x: Singles, tile: Tile, wide: F64) -> None:
    """To `wide`, after the shifts: Σd, Σd², Σd³, Σd⁴, Σ|x|, Σx over x > 0.

    Four rows at once: each sum is loaded and stored once for four values.
    """
    first, last, left, right = tile
    zero = np.float32(0)
    for i in range(first, last, 4):
        for j in range(right - left):
            a, b = x[i, left + j], x[i + 1, left + j]
            c, e = x[i + 2, left + j], x[i + 3, left + j]
            p, q = np.float64(a) - wide[j], np.float64(b) - wide[j]
            r, s = np.float64(c) - wide[j], np.float64(e) - wide[j]
            pp, qq, rr, ss = p * p, q * q, r * r, s * s
            wide[j + TILE] += (p + q) + (r + s)
            wide[j + 2 * TILE] += (pp + qq) + (rr + ss)
            wide[j + 3 * TILE] += (pp * p + qq * q) + (rr * r + ss * s)
            wide[j + 4 * TILE] += (pp * pp + qq * qq) + (rr * rr + ss * ss)
            wide[j + 5 * TILE] += (np.float64(abs(a)) + np.float64(abs(b))) + (
                np.float64(abs(c)) + np.float64(abs(e))
            )
            wide[j + 6 * TILE] += (
                np.float64(max(a, zero)) + np.float64(max(b, zero))
            ) + (np.float64(max(c, zero)) + np.float64(max(e, zero)))


@njit(nogil=True, cache=True, fastmath=_FAST)
def _bound_fours(x: Singles, tile: Tile, narrow: Singles) -> None:
    """The smallest and largest value, and the number of x > 0, of each column."""
    first, last, left, right = tile
    zero, one = np.float32(0), np.float32(1)
    for i in range(first, last, 4):
        for j in range(right - left):
            a, b = x[i, left + j], x[i + 1, left + j]
            c, e = x[i + 2, left + j], x[i + 3, left + j]
            narrow[j] = min(narrow[j], a, b, c, e)
            narrow[j + TILE] = max(narrow[j + TILE], a, b, c, e)
            narrow[j + 2 * TILE] += (
                (one if a > zero else zero) + (one if b > zero else zero)
            ) + ((one if c > zero else zero) + (one if e > zero else zero))


@njit(nogil=True, cache=True)
def _add_rows(x: Singles, tile: Tile, wide: F64, narrow: Singles) -> None:
    """As by fours, row by row."""
    first, last, left, right = tile
    for i in range(first, last):
        for j in range(right - left):
            v = np.float64(x[i, left + j])
            d = v - wide[j]
            wide[j + TILE] += d
            wide[j + 2 * TILE] += d * d
            wide[j + 3 * TILE] += d * d * d
            wide[j + 4 * TILE] += (d * d) * (d * d)
            wide[j + 5 * TILE] += abs(v)
            wide[j + 6 * TILE] += max(v, 0.0)
            narrow[j] = min(narrow[j], x[i, left + j])
            narrow[j + TILE] = max(narrow[j + TILE], x[i, left + j])
            narrow[j + 2 * TILE] += np.float32(1) if v > 0 else np.float32(0)
