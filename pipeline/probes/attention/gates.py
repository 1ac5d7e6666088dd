"""How much does the loss need each head? By the gradient of a gate, and by closing it.

transformers no longer heeds `head_mask`: gates sit in the attention function itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.probes.attention.blocks import Rule, attend
from pipeline.probes.attention.place import Place, place_of
from pipeline.probes.attention.switch import can_switch, switched

if TYPE_CHECKING:
    from torch import nn

    from pipeline.probes.batch import Batch
    from pipeline.probes.capture import Forward

Reals = NDArray[np.float64]
# From a forward and a batch to the loss of each row (B,).
Loss = Callable[["Forward", "Batch"], torch.Tensor]


def gate_gradients(forward: Forward, batch: Batch, loss: Loss) -> dict[Place, Reals]:
    """∂L_b/∂ξ_h of each row b and head h, (B, H), at open gates ξ = 1.

    The output of head h is multiplied by ξ_h before the last projection. Importance is
    the mean of |∂L/∂ξ_h| over documents (Michel et al. 2019, arXiv 1905.10650, eq. 5).
    """
    gates: dict[Place, torch.Tensor] = {}

    def gate(place: Place, n_rows: int, n_heads: int) -> torch.Tensor:
        ones = torch.ones(n_rows, 1, n_heads, 1, device=forward.device)
        return gates.setdefault(place, ones.requires_grad_())

    with _frozen(forward.model), torch.enable_grad(), gated(forward, gate):
        total = loss(forward, batch).sum()
        found = torch.autograd.grad(total, list(gates.values()))
    return {
        place: gradient[:, 0, :, 0].double().cpu().numpy()
        for place, gradient in zip(gates, found, strict=True)
    }


def ablations(
    forward: Forward,
    batch: Batch,
    loss: Loss,
    heads: Sequence[tuple[Place, int]],
) -> Iterator[tuple[tuple[Place, int], Reals]]:
    """Loss of each row (B,) with one head closed less that with all open, by head."""
    with torch.no_grad():
        base = loss(forward, batch)
        for closed in heads:
            with gated(forward, _closing(closed, forward.device)):
                yield closed, (loss(forward, batch) - base).double().cpu().numpy()


def _closing(closed: tuple[Place, int], device: torch.device) -> _Gate:
    def gate(place: Place, _n_rows: int, n_heads: int) -> torch.Tensor:
        gates = torch.ones(1, 1, n_heads, 1, device=device)
        if place == closed[0]:
            gates[:, :, closed[1]] = 0
        return gates

    return gate


_Gate = Callable[[Place, int, int], torch.Tensor]


@contextmanager
def gated(forward: Forward, gate: _Gate) -> Iterator[None]:
    """While open, each attention's heads are multiplied by gate(place, rows, heads)."""
    if not can_switch(forward.model):
        raise UsageError(
            f"{type(forward.model).__name__} has an attention of its own",
            fix="Heads are gated in models whose attention goes through transformers'",
        )
    names = {id(module): name for name, module in forward.model.named_modules()}

    def watch(
        module: nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *,
        rule: Rule,
    ) -> torch.Tensor:
        place = place_of(forward, names[id(module)])
        out = attend(query, key, value, rule)
        return out * gate(place, *query.shape[:2]).to(out.dtype)

    with switched(forward.model, watch):
        yield


@contextmanager
def _frozen(model: nn.Module) -> Iterator[None]:
    """No parameter asks for a gradient while open: nothing is kept for one."""
    asking = [one for one in model.parameters() if one.requires_grad]
    for parameter in asking:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in asking:
            parameter.requires_grad_(True)


def next_token_loss(forward: Forward, batch: Batch) -> torch.Tensor:
    """Mean −ln p of the counted tokens after the first, by row; of decoders."""
    from pipeline.probes.capture import trunk_inputs

    model: Any = forward.model
    logits = model(**trunk_inputs(forward, batch)).logits[:, :-1]
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    wanted = batch.tokens[:, 1:]
    counted = (batch.counted[:, 1:] & batch.mask[:, :-1]).to(logits.dtype)
    losses = torch.nn.functional.cross_entropy(
        logits.transpose(1, 2), wanted, reduction="none"
    )
    return (losses * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)
