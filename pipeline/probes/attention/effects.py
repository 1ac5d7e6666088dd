"""What does the loss of each document say of each head? Mean effects with intervals."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.attention.importance import mean_interval
from pipeline.probes.attention.gates import ablations, gate_gradients
from pipeline.probes.head import can_predict, last_states, predicted, token_losses

if TYPE_CHECKING:
    import torch

    from pipeline.probes.attention.place import Place
    from pipeline.probes.batch import Batch
    from pipeline.probes.capture import Forward

Reals = NDArray[np.float64]


class Asked(Protocol):
    """Which effects are asked for."""

    @property
    def gradients(self) -> bool: ...
    @property
    def ablation(self) -> bool: ...


_Key = tuple["Place", int]


@dataclass
class HeadEffects:
    """Sums over a document's predictions, by head: ∂L/∂ξ, and L without it less L.

    What is kept grows with documents × heads, not with tokens.
    """

    gradients: dict[_Key, dict[int, float]] = field(default_factory=dict)
    ablated: dict[_Key, dict[int, float]] = field(default_factory=dict)
    n: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(
        self, forward: Forward, batch: Batch, asked: Asked, heads: list[_Key]
    ) -> None:
        """Take in what is asked of one batch, of these heads.

        Nothing is done for an encoder, which is shown the token that it predicts.
        """
        is_asked = asked.gradients or asked.ablation
        if not is_asked or forward.kind == "encoder" or not can_predict(forward):
            return
        self.add_counts(forward, batch)
        if asked.gradients:
            self.add_gradients(forward, batch)
        if asked.ablation:
            self.add_ablations(forward, batch, heads)

    def add_gradients(self, forward: Forward, batch: Batch) -> None:
        """Take in the gradients of every gate on one batch."""
        for place, values in gate_gradients(forward, batch, document_losses).items():
            for head, column in enumerate(values.T):
                _add(self.gradients, (place, head), batch, column)

    def add_ablations(self, forward: Forward, batch: Batch, heads: list[_Key]) -> None:
        """Take in the losses of one batch with each of the heads closed."""
        for key, values in ablations(forward, batch, document_losses, heads):
            _add(self.ablated, key, batch, values)

    def add_counts(self, forward: Forward, batch: Batch) -> None:
        """Count the predictions of each document of a batch, once for both."""
        for document, n in zip(
            _documents(batch), _counts(forward, batch).tolist(), strict=True
        ):
            self.n[document] += int(n)

    def of(self, place: Place, head: int) -> dict[str, Any]:
        """Columns of one head: means over documents with their intervals."""
        return {
            **_columns(
                "gate_gradient", np.abs(self._means(self.gradients, place, head))
            ),
            **_columns("ablation_effect", self._means(self.ablated, place, head)),
        }

    def _means(
        self, sums: dict[_Key, dict[int, float]], place: Place, head: int
    ) -> Reals:
        found = sums.get((place, head), {})
        return np.array([found[one] / self.n[one] for one in found if self.n[one]])


def _add(
    into: dict[_Key, dict[int, float]], key: _Key, batch: Batch, values: Reals
) -> None:
    own = into.setdefault(key, defaultdict(float))
    for document, value in zip(_documents(batch), values.tolist(), strict=True):
        own[document] += value


def _columns(name: str, effects: Reals) -> dict[str, Any]:
    if not len(effects) or not np.isfinite(effects).all():
        return {}
    found = mean_interval(effects)
    mean, low, high = found or (float(effects.mean()), None, None)
    return {name: mean, f"{name}_low": low, f"{name}_high": high}


def _documents(batch: Batch) -> list[int]:
    return [one.document for one in batch.windows] or list(range(len(batch.mask)))


def _counts(forward: Forward, batch: Batch) -> torch.Tensor:
    """Predictions of each row (B,)."""
    import torch

    rows = predicted(forward, batch)[1] // batch.mask.shape[1]
    return torch.bincount(rows, minlength=len(batch.mask))


def document_losses(forward: Forward, batch: Batch) -> torch.Tensor:
    """Σ −ln p over the predictions of each row (B,), by the model's own head."""
    import torch

    losses = token_losses(forward, batch, last_states(forward, batch))
    rows = predicted(forward, batch)[1] // batch.mask.shape[1]
    zeros = torch.zeros(len(batch.mask), dtype=losses.dtype, device=losses.device)
    return zeros.index_add(0, rows, losses)
