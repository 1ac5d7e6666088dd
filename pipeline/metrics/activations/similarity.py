"""How alike are two representations of the same tokens? Linear CKA, exact, from sums.

Kornblith et al., arXiv 1905.00414, equation 4 with a linear kernel:
CKA = ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F), columns centred. Only d × d products are kept: all
tokens enter the sums and none has to be stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@dataclass
class CrossProducts:
    """Σ xyᵀ of all pairs of representations, each counted from its first mean.

    A block's products are made in its own precision, which is that of the model, and
    added in float64.
    """

    n: int = 0
    shifts: dict[str, NDArray[np.floating]] = field(default_factory=dict)
    sums: dict[str, F64] = field(default_factory=dict)
    products: dict[tuple[str, str], F64] = field(default_factory=dict)

    def add(self, rows: dict[str, NDArray[np.floating]]) -> None:
        """Add the rows (n, d) of the same tokens in every representation."""
        moved = {}
        for name, x in rows.items():
            mean = x.mean(axis=0, dtype=np.float64)
            shift = self.shifts.setdefault(name, mean.astype(x.dtype))
            moved[name] = x - shift
            total = moved[name].sum(axis=0, dtype=np.float64)
            self.sums[name] = self.sums.get(name, 0.0) + total
        self.n += len(next(iter(rows.values())))
        for a, b in combinations_with_replacement(rows, 2):
            product = (moved[a].T @ moved[b]).astype(np.float64)
            self.products[a, b] = self.products.get((a, b), 0.0) + product

    def similarities(self) -> dict[tuple[str, str], float | None]:
        """Linear CKA of every pair, 0 to 1; None where one does not vary."""
        norms: dict[tuple[str, str], float] = {}
        for (a, b), product in self.products.items():
            centred = product - np.outer(self.sums[a], self.sums[b]) / self.n
            norms[a, b] = float(np.linalg.norm(centred))
        found: dict[tuple[str, str], float | None] = {}
        for (a, b), norm in norms.items():
            scale = norms[a, a] * norms[b, b]
            varies = np.isfinite(scale) and scale > 0
            found[a, b] = min(norm**2 / scale, 1.0) if varies else None
        return found


def needed_bytes(sizes: list[int]) -> int:
    """Memory of the products of representations with these numbers of dimensions."""
    total = sum(sizes)
    squares = sum(size * size for size in sizes)
    return 8 * (total * total + squares) // 2
