"""Which experts are used, which together, and which never?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.firing import wilson

Row = dict[str, Any]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# An expert has dropped out when the upper bound of its load is below this share of an
# even load.
DROPPED = 0.1


@dataclass
class Choices:
    """Counts of the k experts chosen per token: of each, its weight, and of pairs."""

    n_experts: int
    n: int = 0
    k: int = 0
    chosen: I64 = field(init=False)
    weight: F64 = field(init=False)
    together: I64 = field(init=False)

    def __post_init__(self) -> None:
        self.chosen = np.zeros(self.n_experts, np.int64)
        self.weight = np.zeros(self.n_experts)
        self.together = np.zeros((self.n_experts, self.n_experts), np.int64)

    def add(self, indices: I64, weights: F64 | None) -> None:
        """Count the experts chosen for n tokens, (n, k), with their weights."""
        self.n += len(indices)
        self.k = indices.shape[1]
        self.chosen += np.bincount(indices.ravel(), minlength=self.n_experts)
        if weights is not None:
            flat = indices.ravel()
            self.weight += np.bincount(flat, weights.ravel(), self.n_experts)
        hits = np.zeros((len(indices), self.n_experts))
        np.put_along_axis(hits, indices, 1.0, axis=1)
        self.together += (hits.T @ hits).astype(np.int64)

    @property
    def entropy(self) -> float | None:
        """Entropy of the load over its largest, ln E: 1 when all are used alike."""
        total = self.chosen.sum()
        if not total or self.n_experts < 2:
            return None
        p = self.chosen[self.chosen > 0] / total
        return float(-(p * np.log(p)).sum() / np.log(self.n_experts))

    def rows(self) -> Iterator[Row]:
        """One row per expert."""
        low, high = wilson(self.chosen, np.full(self.n_experts, float(self.n)))
        even = self.k / self.n_experts
        for expert in range(self.n_experts):
            n_chosen = int(self.chosen[expert])
            row: Row = {
                "expert": expert,
                "n_tokens": self.n,
                "n_chosen": n_chosen,
                "load": n_chosen / self.n if self.n else None,
                "load_low": float(low[expert]) if self.n else None,
                "load_high": float(high[expert]) if self.n else None,
                "load_ratio": n_chosen / self.n / even if self.n else None,
                "mean_weight": float(self.weight[expert] / n_chosen)
                if n_chosen
                else None,
                "is_dropped": bool(high[expert] < DROPPED * even) if self.n else None,
            }
            yield row | self._partner(expert)

    def _mean_weight(self, expert: int) -> float | None:
        n = int(self.chosen[expert])
        return float(self.weight[expert]) / n if n else None

    def _partner(self, expert: int) -> Row:
        """The expert chosen with it most above chance, and how far above."""
        others = self.together[expert].astype(np.float64).copy()
        others[expert] = 0
        chance = self.chosen[expert] * self.chosen / max(self.n, 1)
        lift = np.divide(others, chance, out=np.zeros(self.n_experts), where=chance > 0)
        if not others.any():
            return {"partner": None, "partner_lift": None}
        best = int(np.argmax(lift))
        return {"partner": best, "partner_lift": float(lift[best])}
