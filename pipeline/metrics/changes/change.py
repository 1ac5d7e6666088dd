"""How far did one tensor move? Entry by entry, in one pass over both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.row import Row

# Numbers that a few vector registers hold.
_LANES = 16

Sums = tuple[float, float, float, float, float, int, int]
Pairs = Iterable[tuple[NDArray[np.floating], NDArray[np.floating]]]


@dataclass
class ChangeSums:
    """Sums over pairs (a, b) of an old and a new value, both finite."""

    n: int = 0
    n_equal: int = 0
    n_flipped: int = 0
    n_left_out: int = 0
    squares_a: float = 0.0
    squares_b: float = 0.0
    products: float = 0.0
    squares_d: float = 0.0
    largest_d: float = 0.0


def measure_change(pairs: Pairs) -> Row:
    """Entry-wise columns of `tensor_changes`, from blocks of old and new values.

    d = b − a. Pairs with a non-finite value on either side are left out and counted.
    Ratios with a denominator of 0 are None. `status` is ok, empty, non_finite where no
    pair is finite, or overflow where squares exceed float64; norms are then None.
    """
    sums = ChangeSums()
    for a, b in pairs:
        _add(sums, np.ascontiguousarray(a).ravel(), np.ascontiguousarray(b).ravel())
    row: Row = {
        "status": "ok" if sums.n else "non_finite" if sums.n_left_out else "empty",
        "n_left_out": sums.n_left_out,
        "sign_flip_fraction": sums.n_flipped / sums.n if sums.n else None,
        "unchanged_fraction": sums.n_equal / sums.n if sums.n else None,
        "abs_max_change": sums.largest_d if sums.n else None,
    }
    if not isfinite(sums.squares_a + sums.squares_b + sums.squares_d):
        reason = "the squares of its values are beyond float64"
        return row | {"status": "overflow", "reason": reason}
    return row | _norms(sums)


def _norms(sums: ChangeSums) -> Row:
    norm_a, norm_b = sqrt(sums.squares_a), sqrt(sums.squares_b)
    change = sqrt(sums.squares_d)
    row: Row = {
        "from_norm": norm_a,
        "change_norm": change,
        "relative_change": change / norm_a if norm_a > 0 else None,
        "cosine_similarity": None,
    }
    if norm_a > 0 and norm_b > 0:
        cosine = sums.products / norm_a / norm_b
        row["cosine_similarity"] = min(max(cosine, -1.0), 1.0)
    return row


def _add(sums: ChangeSums, a: NDArray[np.floating], b: NDArray[np.floating]) -> None:
    found = _sum(a, b)
    if not np.isfinite(found[0] + found[1]):
        held = np.isfinite(a) & np.isfinite(b)
        sums.n_left_out += a.size - int(held.sum())
        a, b = a[held], b[held]
        found = _sum(a, b)
    sums.n += a.size
    sums.squares_a += found[0]
    sums.squares_b += found[1]
    sums.products += found[2]
    sums.squares_d += found[3]
    sums.largest_d = max(sums.largest_d, found[4])
    sums.n_equal += int(found[5])
    sums.n_flipped += int(found[6])


def _sum(a: NDArray[np.floating], b: NDArray[np.floating]) -> Sums:
    whole = a.size // _LANES * _LANES
    sums = _sum_lanes(a[:whole], b[:whole])
    if whole == a.size:
        return sums
    # Zeros pad the last lanes; they change only the count of equal values.
    rest = np.zeros((2, _LANES), np.result_type(a, b))
    rest[0, : a.size - whole], rest[1, : a.size - whole] = a[whole:], b[whole:]
    last = _sum_lanes(rest[0], rest[1])
    return (
        sums[0] + last[0],
        sums[1] + last[1],
        sums[2] + last[2],
        sums[3] + last[3],
        max(sums[4], last[4]),
        sums[5] + last[5] - (_LANES - (a.size - whole)),
        sums[6] + last[6],
    )


# NaN and Inf are propagated: the squares of a block show whether it holds any. Each
# lane of a register has its own maximum, as a single one could not be vectorised.
@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _sum_lanes(a: NDArray[np.floating], b: NDArray[np.floating]) -> Sums:
    squares_a = squares_b = products = squares_d = 0.0
    equal, flipped = 0, 0
    largest = np.zeros(_LANES)
    # The product shows the compiler that all lanes have the same length.
    for start in range(0, a.size // _LANES * _LANES, _LANES):
        for lane in range(_LANES):
            x, y = np.float64(a[start + lane]), np.float64(b[start + lane])
            d, product = y - x, x * y
            squares_a += x * x
            squares_b += y * y
            products += product
            squares_d += d * d
            equal += int(d == 0)
            flipped += int(product < 0)
            largest[lane] = max(largest[lane], abs(d))
    return squares_a, squares_b, products, squares_d, largest.max(), equal, flipped
