"""What do a linear layer's inputs say of its weights? Wanda, and OBS of SparseGPT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.perturb.losses import Example
from pipeline.perturb.scored import Array, Scored, scored, to_numpy
from pipeline.perturb.weights import Weight
from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward, capturing
from pipeline.probes.head import last_states
from pipeline.probes.sites import Site, SiteKind

if TYPE_CHECKING:
    import torch

WANDA, OBS = "wanda", "obs"
# SparseGPT adds this share of the mean diagonal before it inverts.
_DAMPING = 0.01


@dataclass
class _Inputs:
    """Sums over tokens of x² of each linear layer, and of xxᵀ where they are wanted."""

    paths: frozenset[str]
    with_products: bool
    kinds: frozenset[SiteKind] = frozenset({"linear_input"})
    squares: dict[str, torch.Tensor] = field(default_factory=dict)
    products: dict[str, torch.Tensor] = field(default_factory=dict)
    n: dict[str, int] = field(default_factory=dict)

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        import torch

        rows = batch.select(value) if site.path in self.paths else None
        if rows is None:
            return
        wide = rows.detach().to(torch.float32 if rows.itemsize < 8 else rows.dtype)
        found = wide.square().sum(0, dtype=torch.float64)
        _add(self.squares, site.path, found)
        if self.with_products:
            _add(self.products, site.path, (wide.T @ wide).double())
        self.n[site.path] = self.n.get(site.path, 0) + len(wide)

    def finish(self) -> dict[str, Any]:
        return {}


def _add(sums: dict[str, torch.Tensor], key: str, found: torch.Tensor) -> None:
    if key in sums:
        sums[key].add_(found)
    else:
        sums[key] = found


def input_scores(
    forward: Forward,
    examples: Sequence[Example],
    weights: Sequence[Weight],
    metrics: Sequence[str],
) -> Iterator[Scored]:
    """|W_ij|·‖X_j‖₂ (Sun et al. 2023) and w²/[H⁻¹]_jj (Frantar and Alistarh 2023).

    X are the inputs of all counted tokens, H = XᵀX / n + λI with λ a hundredth of the
    mean diagonal. Only weights of linear layers before the head have inputs.
    """
    import torch

    paths = frozenset(one.path.rpartition(".")[0] for one in weights)
    seen = _Inputs(paths, OBS in metrics)
    with torch.no_grad():
        for example in examples:
            with capturing(forward, example.batch, [seen]):
                last_states(forward, example.batch)
    for one in weights:
        path, _, name = one.path.rpartition(".")
        squares = seen.squares.get(path)
        for metric in metrics:
            if squares is None or name != "weight" or one.parameter.ndim != 2:
                yield Scored(one, metric, None, "no_input")
                continue
            by_input = squares.sqrt().cpu().numpy()
            if metric == OBS:
                product = seen.products[path].cpu().numpy() / seen.n[path]
                by_input = 1 / _inverse_diagonal(product)
            yield _weighed(forward, one, metric, by_input, n=seen.n[path])
        if seen.products and name == "weight":
            seen.products.pop(path, None)


def _weighed(
    forward: Forward, weight: Weight, metric: str, by_input: Array, *, n: int
) -> Scored:
    w = to_numpy(weight.parameter).astype(np.float64)
    module: Any = forward.model.get_submodule(weight.path.rpartition(".")[0])
    # A Conv1D stores (inputs, outputs).
    along = by_input[:, None] if hasattr(module, "nf") else by_input[None, :]
    values = w**2 * along if metric == OBS else np.abs(w) * along
    return scored(weight, metric, values.astype(np.float32), n_samples=n)


def _inverse_diagonal(h: Array) -> Array:
    """Diagonal of (H + λI)⁻¹ by Cholesky; all NaN where H is not finite."""
    from scipy.linalg import cho_factor, cho_solve

    if not np.isfinite(h).all():
        return np.full(len(h), np.nan)
    damping = _DAMPING * float(np.trace(h)) / len(h) or 1.0
    factor = cho_factor(h + damping * np.eye(len(h)))
    found: Array = np.diag(cho_solve(factor, np.eye(len(h)))).copy()
    return found
