"""How much does each token look at each other? Exact weights of a short text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.probes.attention.blocks import Block, Rule, attend
from pipeline.probes.attention.place import Place, place_of
from pipeline.probes.attention.switch import can_switch, switched
from pipeline.probes.attention.whole import showing
from pipeline.probes.capture import Forward, run_trunk

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pipeline.probes.batch import Batch

Weights = dict[Place, NDArray[np.float32]]


@dataclass
class _Kept:
    forward: Forward
    weights: Weights = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = {id(m): name for name, m in self.forward.model.named_modules()}

    def keep(self, module: nn.Module, weights: torch.Tensor) -> None:
        place = place_of(self.forward, self.names[id(module)])
        self.weights[place] = weights[0].float().cpu().numpy()


def pair_weights(forward: Forward, batch: Batch) -> Weights:
    """Weights (H, T, S) of each attention on a batch of one text; rows sum to 1.

    Empty for a model whose attentions cannot be seen.
    """
    import torch

    kept = _Kept(forward)
    with torch.no_grad(), _watching(kept):
        run_trunk(forward, batch)
    return kept.weights


@contextmanager
def _watching(kept: _Kept) -> Iterator[None]:
    def watch(
        module: nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *,
        rule: Rule,
    ) -> torch.Tensor:
        n_rows, n_heads, n_queries, _ = query.shape
        whole = query.new_zeros(n_rows, n_heads, n_queries, key.shape[2])

        def put(block: Block) -> None:
            rows = slice(block.start, block.stop)
            whole[:, :, rows, block.first_key : block.last_key] = block.weights

        out = attend(query, key, value, rule, visit=put)
        kept.keep(module, whole)
        return out

    if can_switch(kept.forward.model):
        with switched(kept.forward.model, watch):
            yield
    else:
        with showing(kept.forward.model, kept.keep):
            yield


def rollout(weights: Weights) -> NDArray[np.float64] | None:
    """Attention rollout (Abnar & Zuidema 2020): (T, T), rows sum to 1.

    Half of each block's mean attention and half of the token itself, multiplied from
    the first block on. None where self-attentions are of several lengths, or none.
    """
    own = [
        each
        for place, each in sorted(weights.items(), key=lambda one: one[0].layer or 0)
        if place.attention == "self"
        and place.layer is not None
        and each.shape[1] == each.shape[2]
    ]
    if not own or len({each.shape[1:] for each in own}) > 1:
        return None
    joined = np.eye(own[0].shape[1])
    for each in own:
        step = (each.mean(axis=0, dtype=np.float64) + np.eye(len(joined))) / 2
        joined = step / step.sum(axis=1, keepdims=True) @ joined
    return joined
