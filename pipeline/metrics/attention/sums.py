"""What is kept of a layer's attention? Additive sums by group of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

N_BINS = 64
# Documents are dealt to this many groups: intervals then need no memory per document.
N_GROUPS = 64
# The count that each of these sums is divided by; all others are divided by the number
# of counted queries.
ROWS_OF: Mapping[str, str] = {
    "lookback": "n_looking_back",
    "paired": "n_paired",
    "control": "n_paired",
}
COUNTS = ("n_queries", "n_looking_back", "n_paired")


@dataclass
class HeadSums:
    """Sums over queries by name: (groups, heads), counts (groups,); float64.

    `binned` (heads, 64, 64) is the weight that each 64th of a text's queries gives to
    each 64th of its keys; `n_binned` (64,) is the number of queries in each. The sums
    of two parts of a probe set add up to those of the whole, in any order.
    """

    n_heads: int
    sums: dict[str, Reals] = field(default_factory=dict)
    counts: dict[str, Reals] = field(init=False)
    binned: Reals = field(init=False)
    n_binned: Reals = field(init=False)

    def __post_init__(self) -> None:
        self.counts = {name: np.zeros(N_GROUPS) for name in COUNTS}
        self.binned = np.zeros((self.n_heads, N_BINS, N_BINS))
        self.n_binned = np.zeros(N_BINS)

    def add(self, name: str, groups: Sequence[int], values: Reals) -> None:
        """Add one sum's values (rows, heads), or a count's (rows,), to their groups."""
        if name in self.counts:
            np.add.at(self.counts[name], groups, values)
            return
        into = self.sums.setdefault(name, np.zeros((N_GROUPS, self.n_heads)))
        np.add.at(into, groups, values)

    def merge(self, other: HeadSums) -> None:
        """Add the sums of another part of the same probe set."""
        for name, values in other.sums.items():
            into = self.sums.setdefault(name, np.zeros((N_GROUPS, self.n_heads)))
            into += values
        for name, counted in other.counts.items():
            self.counts[name] += counted
        self.binned += other.binned
        self.n_binned += other.n_binned

    @property
    def n_queries(self) -> int:
        return int(self.counts["n_queries"].sum())

    def by_group(self, name: str) -> tuple[Reals, Reals]:
        """A sum by group and head, and the number of its queries by group."""
        zeros = np.zeros((N_GROUPS, self.n_heads))
        rows = self.counts[ROWS_OF.get(name, "n_queries")]
        return self.sums.get(name, zeros), rows

    def mean(self, name: str) -> Reals | None:
        """Mean over queries by head, None where nothing was measured."""
        if name not in self.sums:
            return None
        values, rows = self.by_group(name)
        n_rows = rows.sum()
        return values.sum(axis=0) / n_rows if n_rows else None

    def map(self) -> Reals:
        """Mean share of each 64th of keys by 64th of queries; NaN where none falls."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(
                self.n_binned[:, None] > 0,
                self.binned / self.n_binned[:, None],
                np.nan,
            )
