"""Is a matrix another one with its rows and columns in a new order?

Rows are matched by their sets of values, which no order of columns changes, and then
columns by their values. The orders found are checked entry by entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.row import Row

Matrix = NDArray[np.float64]
Ints = NDArray[np.int64]

# Rows that are alike are nearer than this; two of many values at random are not.
_ALIKE, _FEW_ROWS, _MANY_VALUES = 0.5, 8, 16
# A permutation keeps the norm; sums in another order differ by rounding only.
_SAME = 1e-9
_BLOCK = 1024  # rows compared with all others at a time


@dataclass(frozen=True)
class Orders:
    """new[i, j] = old[rows[i], cols[j]]."""

    rows: Ints
    cols: Ints

    @property
    def moved_fraction(self) -> float:
        """The share of rows that moved, or that of columns where no row moved."""
        moved = float((self.rows != np.arange(self.rows.size)).mean())
        return moved or float((self.cols != np.arange(self.cols.size)).mean())

    def side(self) -> str:
        """Which side moved: rows, cols or both."""
        sides = {"rows": self.rows, "cols": self.cols}
        moved = [name for name, order in sides.items() if _digest(order)]
        return "both" if len(moved) > 1 else moved[0]

    def columns(self) -> Row:
        """Digests of the orders; None for a side that did not move."""
        return {"row_order": _digest(self.rows), "col_order": _digest(self.cols)}


def find_orders(old: Matrix, new: Matrix) -> Orders | None:
    """The orders of rows and columns that turn old into new, or None."""
    squares = float((old**2).sum()), float((new**2).sum())
    if abs(squares[0] - squares[1]) > _SAME * squares[0]:
        return None
    rows = _match(np.sort(old, axis=1), np.sort(new, axis=1))
    if rows is None:
        return None
    turned = old[rows]
    if np.array_equal(turned, new):
        return Orders(rows, np.arange(old.shape[1]))
    cols = _match(turned.T, new.T)
    return None if cols is None else Orders(rows, cols)


def find_near_orders(old: Matrix, new: Matrix) -> tuple[Orders, float] | None:
    """The order of rows, or of columns, that explains half of the change or more.

    With it comes ‖new − old in that order‖²: what happened besides. Rows that point
    elsewhere than before are matched with the old rows that they point along, each old
    row once; None where they are not. Rows of few values are never matched.
    """
    energy = float(((new - old) ** 2).sum())
    found = []
    for axis in (0, 1):
        a, b = (old, new) if axis == 0 else (old.T, new.T)
        order = _match_near(a, b)
        if order is not None:
            rest = float(((b - a[order]) ** 2).sum())
            still = np.arange(old.shape[1 - axis])
            orders = Orders(order, still) if axis == 0 else Orders(still, order)
            found.append((rest, orders))
    if not found:
        return None
    rest, orders = min(found, key=lambda one: one[0])
    return (orders, rest) if rest <= energy / 2 else None


def _match_near(old: Matrix, new: Matrix) -> Ints | None:
    units = [
        x / np.maximum(np.linalg.norm(x, axis=1), 1e-300)[:, None] for x in (old, new)
    ]
    moved = np.flatnonzero((units[0] * units[1]).sum(axis=1) < _ALIKE)
    if moved.size < 2 or old.shape[1] < _FEW_ROWS:
        return None
    if moved.size < _FEW_ROWS and old.shape[1] < _MANY_VALUES:
        return None
    best = np.empty(moved.size, np.int64)
    for start in range(0, moved.size, _BLOCK):
        part = units[1][moved[start : start + _BLOCK]] @ units[0][moved].T
        best[start : start + _BLOCK] = part.argmax(axis=1)
    if np.unique(best).size < moved.size:
        return None
    order = np.arange(len(old))
    order[moved] = moved[best]
    return order


def moves_blocks(order: Ints, size: int) -> bool:
    """Whether an order moves whole blocks of `size` rows, as heads lie in a matrix."""
    if size < 1 or order.size % size:
        return False
    blocks = order.reshape(-1, size)
    return bool((blocks == blocks[:, :1] + np.arange(size)).all()) and not bool(
        (blocks[:, 0] % size).any()
    )


def _match(old: Matrix, new: Matrix) -> Ints | None:
    """The equal row of old for each row of new, each row of old used once."""
    places: dict[bytes, list[int]] = {}
    # Adding 0 turns −0 into 0.
    for i, row in enumerate(np.ascontiguousarray(old + 0.0)):
        places.setdefault(xxhash.xxh3_128_digest(row), []).append(i)
    found = np.empty(len(new), np.int64)
    for i, row in enumerate(np.ascontiguousarray(new + 0.0)):
        # Among equal rows the one in place is taken, so that it counts as unmoved.
        left = places.get(xxhash.xxh3_128_digest(row))
        if not left:
            return None
        found[i] = left.pop(left.index(i)) if i in left else left.pop(0)
    return found


def _digest(order: Ints) -> str | None:
    if np.array_equal(order, np.arange(order.size)):
        return None
    return str(xxhash.xxh3_64_hexdigest(order.tobytes()))
