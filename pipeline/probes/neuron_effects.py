"""What does the loss owe to each neuron? By one backward pass of each batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.probes.attention.effects import document_losses
from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward, Rows
from pipeline.probes.head import can_predict
from pipeline.probes.sites import Site, SiteKind

if TYPE_CHECKING:
    import torch
    from torch import nn

Row = dict[str, Any]
F64 = NDArray[np.float64]


@dataclass
class _Passing:
    """What left a non-linearity, and zeros added to it that the loss is derived by."""

    values: torch.Tensor
    zeros: torch.Tensor


@dataclass
class NeuronEffects:
    """Σ |a·∂L/∂a| over the counted tokens of each neuron, L = Σ −ln p of the batch.

    To first order |a·∂L/∂a| is the change of the loss if the neuron were zero at that
    token (Molchanov et al., arXiv 1611.06440, eq. 8). Documents of a batch do not see
    each other, so that L may be their sum.
    """

    forward: Forward
    kinds: frozenset[SiteKind] = frozenset()
    sums: dict[Site, F64] = field(default_factory=dict)
    n_tokens: int = 0

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        """Nothing passes here: the batch is run again by `close`."""

    def close(self, batch: Batch, _answer: object) -> None:
        """Run a batch once more, and back.

        Nothing for an encoder, which is shown the token that it predicts.
        """
        import torch

        if self.forward.kind == "encoder" or not can_predict(self.forward):
            return
        passing: dict[Site, _Passing] = {}
        with torch.enable_grad(), self._adding(passing):
            total = document_losses(self.forward, batch).sum()
            zeros = [one.zeros for one in passing.values()]
            found: tuple[torch.Tensor | None, ...] = torch.autograd.grad(
                total, zeros, allow_unused=True
            )
        self.n_tokens += batch.n_counted
        for (site, one), gradient in zip(passing.items(), found, strict=True):
            if gradient is None:
                continue
            rows = batch.select((one.values * gradient).abs())
            if rows is not None:
                summed = rows.double().sum(dim=0).cpu().numpy()
                self.sums[site] = self.sums.get(site, 0.0) + summed

    @contextmanager
    def _adding(self, passing: dict[Site, _Passing]) -> Iterator[None]:
        """While open, zeros with a gradient are added behind each non-linearity."""
        modules = dict(self.forward.model.named_modules())
        parameters = list(self.forward.model.parameters())
        asking = [one for one in parameters if one.requires_grad]
        with ExitStack() as stack:
            for parameter in asking:
                parameter.requires_grad_(False)
                stack.callback(parameter.requires_grad_, True)
            for site in self.forward.sites:
                if site.kind == "mlp_activation":
                    hook = _adder(site, passing)
                    handle = modules[site.path].register_forward_hook(hook)
                    stack.callback(handle.remove)
            yield

    def finish(self) -> Rows:
        rows: list[Row] = []
        for site, sums in self.sums.items():
            means = sums / max(self.n_tokens, 1)
            rows += (
                {
                    "module": site.path,
                    "neuron": neuron,
                    "gradient_effect": value if np.isfinite(value) else None,
                }
                for neuron, value in enumerate(means.tolist())
            )
        return {"neuron_effects": rows}


def _adder(site: Site, passing: dict[Site, _Passing]) -> Any:
    def add(_module: nn.Module, _args: Any, output: torch.Tensor) -> torch.Tensor:
        import torch

        zeros = torch.zeros_like(output, requires_grad=True)
        passing[site] = _Passing(output.detach(), zeros)
        return output + zeros

    return add


def join_neurons(tables: dict[str, list[Row]]) -> None:
    """Put what the loss owes to a neuron into its row."""
    known = {
        (row["module"], row["neuron"]): row["gradient_effect"]
        for row in tables.pop("neuron_effects", ())
    }
    for row in tables["neurons"] if known else ():
        if row["site"] == "mlp_activation":
            row["gradient_effect"] = known.get((row["module"], row["neuron"]))
