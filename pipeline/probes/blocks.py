"""What does each block do to the residual stream, and which experts does it use?"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.metrics.activations.experts import Choices
from pipeline.metrics.activations.moments import Moments
from pipeline.metrics.activations.vectors import compare_rows, square_rows
from pipeline.probes.batch import Batch
from pipeline.probes.capture import Rows
from pipeline.probes.sites import Site, SiteKind

if TYPE_CHECKING:
    import torch

Row = dict[str, Any]
_Block = tuple[str | None, int | None]
_Array = np.ndarray[Any, Any]

_MEASURES = ("update_share", "cosine", "attention_share", "mlp_share")


class BlockReducer:
    """Of each block, token by token: how much it adds and in which direction.

    With x before and y after it: ‖y − x‖/‖y‖, cos(x, y), and ‖·‖/‖y‖ of what attention
    and MLP put out.
    """

    kinds: frozenset[SiteKind] = frozenset(
        {"block_input", "block_output", "attention_output", "mlp_output"}
    )

    def __init__(self) -> None:
        self._open: dict[_Block, dict[str, _Array]] = defaultdict(dict)
        self._sums: dict[_Block, dict[str, Moments]] = {}
        self._paths: dict[_Block, str] = {}

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        rows = batch.select(value)
        if rows is None or not len(rows):
            return
        block = (site.stack, site.layer)
        kept = self._open[block]
        if site.kind == "block_input":
            kept.clear()
            kept["x"] = _array(rows)
        elif site.kind != "block_output":
            name = "attention" if site.kind == "attention_output" else "mlp"
            kept[name] = np.sqrt(square_rows(_array(rows)))
        elif "x" in kept:
            self._paths[block] = site.path
            self._close(block, kept, _array(rows))
            kept.clear()

    def _close(self, block: _Block, kept: dict[str, _Array], rows: _Array) -> None:
        xx, yy, xy, dd = compare_rows(kept["x"], rows).T
        with np.errstate(invalid="ignore", divide="ignore"):
            found = {
                "update_share": np.sqrt(dd / yy),
                "cosine": xy / np.sqrt(xx * yy),
            }
            for name in ("attention", "mlp"):
                if name in kept:
                    found[f"{name}_share"] = kept[name] / np.sqrt(yy)
        sums = self._sums.setdefault(block, {n: Moments.none(1) for n in _MEASURES})
        for name, values in found.items():
            sums[name] = sums[name] + _moments(values)

    def finish(self) -> Rows:
        rows: list[Row] = []
        for block, sums in self._sums.items():
            row: Row = {
                "module": self._paths[block],
                "stack": block[0],
                "layer": block[1],
                "n_tokens": int(sums["cosine"].n[0]),
                "status": "ok" if sums["cosine"].n[0] else "non_finite",
            }
            for name, one in sums.items():
                row[name] = float(one.mean[0]) if one.n[0] else None
            rows.append(row)
        return {"block_activations": rows}


def _array(rows: torch.Tensor) -> _Array:
    """In float64 where it is, in float32 otherwise."""
    import torch

    kept = rows if rows.dtype == torch.float64 else rows.float()
    return np.ascontiguousarray(kept.detach().cpu().numpy())


def _moments(values: np.ndarray[Any, Any]) -> Moments:
    values = values[np.isfinite(values)]
    if not values.size:
        return Moments.none(1)
    d = values - values.mean()
    powers = [np.array([(d**k).sum()]) for k in (2, 3, 4)]
    return Moments(np.array([float(values.size)]), np.array([values.mean()]), *powers)


class RouterReducer:
    """Which experts each token is sent to, by what the router returns."""

    kinds: frozenset[SiteKind] = frozenset({"router"})

    def __init__(self, n_chosen: int = 1) -> None:
        self._n_chosen = n_chosen
        self._choices: dict[Site, Choices] = {}

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        found = _read_router(value, self._n_chosen)
        if found is None or found[0].shape[0] != batch.mask.numel():
            return
        indices, weights, n_experts = found
        flat = batch.flat
        choices = self._choices.setdefault(site, Choices(n_experts))
        taken = weights.index_select(0, flat).double().cpu().numpy()
        choices.add(indices.index_select(0, flat).cpu().numpy(), taken)

    def finish(self) -> Rows:
        experts: list[Row] = []
        entropies: list[Row] = []
        for site, choices in self._choices.items():
            at: Row = {"module": site.path, "stack": site.stack, "layer": site.layer}
            experts += [at | row for row in choices.rows()]
            entropies.append(at | {"load_entropy": choices.entropy})
        return {"expert_activations": experts, "router_entropies": entropies}


def _read_router(value: Any, k: int) -> tuple[torch.Tensor, torch.Tensor, int] | None:
    """Chosen experts (n, k), their weights, and how many experts there are.

    Routers of transformers return logits or scores of all, and of those chosen the
    weights and indices, in an order of the family's own; a bare linear layer returns
    the logits alone, and the k largest are taken.
    """
    import torch

    parts = [value] if isinstance(value, torch.Tensor) else list(value)
    parts = [p.reshape(-1, p.shape[-1]) for p in parts if isinstance(p, torch.Tensor)]
    chosen = [p for p in parts if not p.is_floating_point()]
    scores = [p for p in parts if p.is_floating_point()]
    if not scores:
        return None
    if not chosen:
        weights, indices = scores[0].softmax(-1).topk(k, dim=-1)
        return indices, weights, scores[0].shape[-1]
    indices, n_experts = chosen[0], max(p.shape[-1] for p in scores)
    same = [p for p in scores if p.shape == indices.shape]
    if same:
        return indices, same[0], n_experts
    return indices, scores[0].gather(1, indices), n_experts
