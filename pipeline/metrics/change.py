"""How far did one tensor move? Entry by entry, in one pass over both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Row = dict[str, Any]
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
    Ratios without a denominator are None; `status` is ok, or non_finite where no pair
    is finite, or empty.
    """
    sums = ChangeSums()
    for a, b in pairs:
        _add(sums, np.ascontiguousarray(a).ravel(), np.ascontiguousarray(b).ravel())
    norm_a, norm_b = sqrt(sums.squares_a), sqrt(sums.squares_b)
    change = sqrt(sums.squares_d)
    row: Row = {
        "status": "ok" if sums.n else "non_finite" if sums.n_left_out else "empty",
        "n_left_out": sums.n_left_out,
        "from_norm": norm_a,
        "change_norm": change,
        "relative_change": change / norm_a if norm_a > 0 else None,
        "cosine_similarity": None,
        "sign_flip_fraction": sums.n_flipped / sums.n if sums.n else None,
        "unchanged_fraction": sums.n_equal / sums.n if sums.n else None,
        "abs_max_change": sums.largest_d if sums.n else None,
    }
    if norm_a > 0 and norm_b > 0:
        cosine = sums.products / norm_a / norm_b
        row["cosine_similarity"] = min(max(cosine, -1.0), 1.0)
    return row


def _add(sums: ChangeSums, a: NDArray[np.floating], b: NDArray[np.floating]) -> None:
    found = _sum_pairs(a, b)
    if not np.isfinite(found[0] + found[1]):
        held = np.isfinite(a) & np.isfinite(b)
        sums.n_left_out += a.size - int(held.sum())
        a, b = a[held], b[held]
        found = _sum_pairs(a, b)
    sums.n += a.size
    sums.squares_a += found[0]
    sums.squares_b += found[1]
    sums.products += found[2]
    sums.squares_d += found[3]
    sums.largest_d = max(sums.largest_d, found[4])
    sums.n_equal += int(found[5])
    sums.n_flipped += int(found[6])


# NaN and Inf keep their meaning: a block that holds any shows it in its squares.
@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _sum_pairs(
    a: NDArray[np.floating], b: NDArray[np.floating]
) -> tuple[float, float, float, float, float, int, int]:
    squares_a = squares_b = products = squares_d = largest = 0.0
    equal, flipped = 0, 0
    for i in range(a.size):
        x, y = np.float64(a[i]), np.float64(b[i])
        d = y - x
        squares_a += x * x
        squares_b += y * y
        products += x * y
        squares_d += d * d
        largest = max(largest, abs(d))
        equal += int(x == y)
        flipped += int(x * y < 0)
    return squares_a, squares_b, products, squares_d, largest, equal, flipped
