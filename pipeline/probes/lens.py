"""What would each layer predict, and which layers are alike?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.metrics.activations.similarity import CrossProducts, needed_bytes
from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward, Rows
from pipeline.probes.head import before_head, logits_of, predicted
from pipeline.probes.sites import Site, SiteKind

if TYPE_CHECKING:
    import torch

Row = dict[str, Any]
_N_RANKS = 32
_N_TOP = 5


@dataclass
class _Lens:
    """Sums over predictions of one layer; ranks are counted by powers of two."""

    n: int = 0
    kl: float = 0.0
    loss: float = 0.0
    agreed: int = 0
    ranks: np.ndarray[Any, Any] = field(
        default_factory=lambda: np.zeros(_N_RANKS, np.int64)
    )
    mass: Any = 0.0

    def add(self, scores: torch.Tensor, wanted: torch.Tensor) -> None:
        """Take in ln p of predictions (n, V), and the tokens that came (n,)."""
        own = scores.gather(1, wanted[:, None])
        self.n += len(wanted)
        self.loss -= float(own.double().sum())
        ranks = 1 + (scores > own).sum(dim=1).cpu().numpy()
        octaves = np.floor(np.log2(ranks)).astype(np.int64)
        self.ranks += np.bincount(octaves, minlength=_N_RANKS)
        self.mass = self.mass + scores.exp().sum(dim=0).double().cpu()


class LensReducer:
    """Logit lens: each block's output put through the model's own norm and head.

    Of every prediction: KL(final ‖ layer), −ln p of the target, its rank, and whether
    the likeliest token is the final one. Block outputs of one batch are held until
    `close`, which is called when the trunk has run.
    """

    kinds: frozenset[SiteKind] = frozenset({"block_output"})

    def __init__(self, forward: Forward, *, chunk: int) -> None:
        self._forward, self._chunk = forward, chunk
        self._before_head = before_head(forward)
        self._held: dict[Site, torch.Tensor] = {}
        self._lenses: dict[Site, _Lens] = {}
        self._stack = "encoder" if forward.kind == "encoder" else "decoder"

    def observe(self, site: Site, value: Any, _batch: Batch) -> None:
        if site.stack in {self._stack, None} and value.ndim == 3:
            self._held[site] = value.reshape(-1, value.shape[-1])

    def close(self, batch: Batch, answer: Any) -> None:
        """Compare what was held with the final prediction."""
        import torch

        places, targets = predicted(self._forward, batch)
        ids = batch.tokens.reshape(-1)
        final = answer[0].reshape(-1, answer[0].shape[-1])
        with torch.no_grad():
            for first in range(0, len(places), self._chunk):
                at = places[first : first + self._chunk]
                wanted = ids[targets[first : first + self._chunk]]
                last = logits_of(self._forward, final.index_select(0, at), answer)
                final_scores = last.log_softmax(-1)
                final_shares = final_scores.exp()
                final_best = final_scores.argmax(1, keepdim=True)
                for site, rows in self._held.items():
                    seen = self._before_head(rows.index_select(0, at))
                    scores = logits_of(self._forward, seen, answer).log_softmax(-1)
                    lens = self._lenses.setdefault(site, _Lens())
                    lens.add(scores, wanted)
                    lens.agreed += int(
                        (scores.gather(1, final_best)[:, 0] == scores.amax(1)).sum()
                    )
                    diff = final_scores.sub(scores).mul_(final_shares)
                    lens.kl += float(diff.sum(1).double().sum())
        self._held.clear()

    def finish(self) -> Rows:
        rows: list[Row] = []
        for site, lens in self._lenses.items():
            if not lens.n:
                continue
            middle = int(np.searchsorted(np.cumsum(lens.ranks), lens.n / 2))
            top = lens.mass.topk(min(_N_TOP, len(lens.mass)))
            rows.append(
                {
                    "module": site.path,
                    "stack": site.stack,
                    "layer": site.layer,
                    "lens_kl": lens.kl / lens.n,
                    "lens_loss": lens.loss / lens.n,
                    "lens_agreement": lens.agreed / lens.n,
                    "lens_rank": 2**middle,
                    "lens_top_ids": [int(one) for one in top.indices],
                    "lens_top_shares": [float(one) / lens.n for one in top.values],
                }
            )
        return {"lenses": rows}


class SimilarityReducer:
    """Linear CKA of every pair of block outputs, within a bound of memory.

    Of more blocks than fit, every second, third, … is taken, the last always.
    """

    kinds: frozenset[SiteKind] = frozenset({"block_output"})

    def __init__(self, forward: Forward, *, memory_bytes: int) -> None:
        width = forward.places.layout.hidden_size or 1
        sites = [one for one in forward.sites if one.kind == "block_output"]
        step = 1
        while needed_bytes([width] * len(sites[::-step])) > memory_bytes:
            if step >= len(sites):
                sites = []
                break
            step += 1
        self._sites = set(sites[::-step]) if sites else set()
        self._held: dict[str, np.ndarray[Any, Any]] = {}
        self._names: dict[str, Site] = {}
        self._products = CrossProducts()

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        import torch

        rows = batch.select(value) if site in self._sites else None
        if rows is not None and rows.isfinite().all():
            wide = rows if rows.dtype == torch.float64 else rows.float()
            self._held[site.path] = wide.cpu().numpy()
            self._names[site.path] = site

    def close(self, _batch: Batch, _answer: Any) -> None:
        """Take in the batch, if every block of it was seen whole."""
        if self._held and len(self._held) == len(self._sites):
            # BLAS threads of numpy's own would wait for torch's, and use up their time.
            with threadpool_limits(limits=1, user_api="blas"):
                self._products.add(self._held)
        self._held = {}

    def finish(self) -> Rows:
        rows: list[Row] = []
        if self._products.n:
            for (a, b), value in self._products.similarities().items():
                one, other = self._names[a], self._names[b]
                rows.append(
                    {
                        "module": a,
                        "stack": one.stack,
                        "layer": one.layer,
                        "to_module": b,
                        "to_stack": other.stack,
                        "to_layer": other.layer,
                        "n_tokens": self._products.n,
                        "cka": value,
                    }
                )
        return {"similarities": rows}
