"""How well is each document predicted, and does a longer context help?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.places import N_BUCKETS, bucket_of
from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward
from pipeline.probes.probe_set import TokenSet

if TYPE_CHECKING:
    import torch

Row = dict[str, Any]
F64 = NDArray[np.float64]

_SHOWN = 80


class DocumentLosses:
    """Sums of −ln p by document, and by how many tokens stood before."""

    def __init__(self, tokens: TokenSet) -> None:
        n = len(tokens.documents)
        self._tokens = tokens
        self._n = np.zeros(n, np.int64)
        self._sum = np.zeros(n)
        self._bucket_n = np.zeros(N_BUCKETS, np.int64)
        self._bucket_sum = np.zeros(N_BUCKETS)
        self._is_causal = False

    def add(
        self,
        forward: Forward,
        batch: Batch,
        losses: torch.Tensor,
        targets: torch.Tensor,
    ) -> None:
        """Take in the losses of a batch, and where their targets stand."""
        self._is_causal = forward.kind != "encoder"
        found = losses.double().cpu().numpy()
        at = targets.cpu().numpy()
        width = batch.mask.shape[1]
        numbers = np.array([one.document for one in batch.windows], np.int64)
        documents = numbers[at // width]
        n = len(self._n)
        self._n += np.bincount(documents, minlength=n)
        self._sum += np.bincount(documents, found, n)
        before = batch.positions.reshape(-1).cpu().numpy()[at]
        buckets = bucket_of(before)
        self._bucket_n += np.bincount(buckets, minlength=N_BUCKETS)
        self._bucket_sum += np.bincount(buckets, found, N_BUCKETS)

    def total(self) -> Row:
        """Mean over all predictions, its standard error by documents, and by context.

        Null for an encoder: it is shown the token that it is asked for.
        """
        n = int(self._n.sum())
        if not n or not self._is_causal:
            return {"n_predictions": n, "loss": None, "loss_stderr": None}
        loss = float(self._sum.sum() / n)
        seen = np.flatnonzero(self._bucket_n)
        return {
            "n_predictions": n,
            "loss": loss if np.isfinite(loss) else None,
            "loss_stderr": self._stderr(loss),
            "context_first": [1 << (b - 2) if b >= 4 else b for b in seen.tolist()],
            "context_losses": (self._bucket_sum[seen] / self._bucket_n[seen]).tolist(),
            "context_counts": self._bucket_n[seen].tolist(),
        }

    def _stderr(self, loss: float) -> float | None:
        """Of a ratio of sums over documents, which are what was drawn."""
        kept = self._n > 0
        m = int(kept.sum())
        if m < 2 or not np.isfinite(loss):
            return None
        off = self._sum[kept] - loss * self._n[kept]
        return float(np.sqrt((off**2).sum() * m / (m - 1)) / self._n.sum())

    def rows(self) -> list[Row]:
        """One row per document."""
        rows = []
        for k, document in enumerate(self._tokens.documents):
            n = int(self._n[k])
            text = self._text(k)
            known = n > 0 and self._is_causal and np.isfinite(self._sum[k])
            rows.append(
                {
                    "document": k,
                    "n_tokens": len(document),
                    "beginning": None if text is None else text[:_SHOWN],
                    "n_predictions": n,
                    "loss": float(self._sum[k] / n) if known else None,
                }
            )
        return rows

    def _text(self, k: int) -> str | None:
        documents = self._tokens.probe_set.documents
        if k >= len(documents):
            return None
        found = documents[k]
        return found if isinstance(found, str) else None
