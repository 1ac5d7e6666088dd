"""Is a matrix another one with its rows and columns in a new order?

Rows are matched by the set of their values, which an order of columns leaves as it is,
then columns by their values; what is found is checked entry by entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.row import Row

Matrix = NDArray[np.float64]
Ints = NDArray[np.int64]

# Orders keep the norm; sums in another order differ by rounding alone.
_SAME = 1e-9


@dataclass(frozen=True)
class Orders:
    """new[i, j] = old[rows[i], cols[j]]."""

    rows: Ints
    cols: Ints

    @property
    def moved_fraction(self) -> float:
        """Of the rows that are elsewhere, or of the columns where no row is."""
        moved = float((self.rows != np.arange(self.rows.size)).mean())
        return moved or float((self.cols != np.arange(self.cols.size)).mean())

    def side(self) -> str:
        """Which side moved: rows, cols or both."""
        sides = {"rows": self.rows, "cols": self.cols}
        moved = [name for name, order in sides.items() if _digest(order)]
        return "both" if len(moved) > 1 else moved[0]

    def columns(self) -> Row:
        """Digests of the orders, None for a side that stays: equal orders are equal."""
        return {"row_order": _digest(self.rows), "col_order": _digest(self.cols)}


def find_orders(old: Matrix, new: Matrix) -> Orders | None:
    """The orders that make new of old; None where there are none."""
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


def moves_blocks(order: Ints, size: int) -> bool:
    """Whether an order moves whole blocks of so many, as heads lie in a matrix."""
    if size < 1 or order.size % size:
        return False
    blocks = order.reshape(-1, size)
    return bool((blocks == blocks[:, :1] + np.arange(size)).all()) and not bool(
        (blocks[:, 0] % size).any()
    )


def _match(old: Matrix, new: Matrix) -> Ints | None:
    """For each row of new its equal in old, each of old's taken once."""
    places: dict[bytes, list[int]] = {}
    # Adding 0 makes the two zeros one.
    for i, row in enumerate(np.ascontiguousarray(old + 0.0)):
        places.setdefault(xxhash.xxh3_128_digest(row), []).append(i)
    found = np.empty(len(new), np.int64)
    for i, row in enumerate(np.ascontiguousarray(new + 0.0)):
        # Of equal rows the one in place, so that what stays is not said to move.
        left = places.get(xxhash.xxh3_128_digest(row))
        if not left:
            return None
        found[i] = left.pop(left.index(i)) if i in left else left.pop(0)
    return found


def _digest(order: Ints) -> str | None:
    if np.array_equal(order, np.arange(order.size)):
        return None
    return str(xxhash.xxh3_64_hexdigest(order.tobytes()))
