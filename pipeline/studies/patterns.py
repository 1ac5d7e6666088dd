"""Do rows matter in a few patterns? Dimensions of the residual stream, clustered.

A dimension's pattern is what each tensor that reads or writes it owes to it. k-means is
held against Gaussian clouds of the same covariance; where no k beats them, that is the
answer. DBSCAN counts what lies densely, at the distance that nine in ten keep from
their fifth neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.embeddings.clusters import (
    MIN_DISTINCT,
    find_clusters,
    import_sklearn,
)

_LEVEL = 0.05
_NEIGHBOURS = 5
_QUANTILE = 0.9


def stream_patterns(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[NDArray[np.float32], list[str]]:
    """(d, tensors), centred logarithms of shares, from rows of `row_patterns`.

    Tensors of another width than most are left out; no row where none is left.
    """
    widths = [row["width"] for row in rows]
    if not widths:
        return np.zeros((0, 0), np.float32), []
    width = max(set(widths), key=widths.count)
    kept = [row for row in rows if row["width"] == width]
    sums = np.array([row["sums"] for row in kept], np.float64)
    sums = sums[np.isfinite(sums).all(axis=1)]
    shares = sums / sums.sum(axis=1, keepdims=True).clip(min=1e-300)
    logs = np.log10(shares + 1e-3 / width)  # a thousandth of an equal share
    # Not divided by their spread: where a tensor has no pattern that is noise alone.
    logs -= logs.mean(axis=1, keepdims=True)
    return logs.T.astype(np.float32), [str(row["tensor"]) for row in kept]


def cluster_rows(X: NDArray[np.float32]) -> dict[str, Any]:
    """What is found, as JSON can hold it; `k` is null where no k beats the null.

    Raises UsageError where scikit-learn is not installed.
    """
    distinct = len(np.unique(X, axis=0))
    if distinct < MIN_DISTINCT or X.shape[1] < 2:
        return {"status": "too_few_rows", "n_rows": len(X)}
    centred = X - X.mean(axis=0)
    found = find_clusters(centred, n_distinct=distinct)
    n_as_good = int((found.null_silhouettes >= found.silhouette).sum())
    p = (1 + n_as_good) / (1 + len(found.null_silhouettes))
    labels = _nearest(centred, found.centres)
    return {
        "status": "ok",
        "n_rows": len(X),
        "n_tensors": X.shape[1],
        "k": found.k if p <= _LEVEL else None,
        "k_tried": found.k,
        "silhouette": found.silhouette,
        "null_silhouette_mean": float(found.null_silhouettes.mean()),
        "p_value": p,
        "labels": labels.tolist(),
        "plane": (centred @ found.axes.astype(np.float32)).tolist(),
        "plane_fraction": found.plane_fraction,
        "dbscan": _dense(centred),
    }


def _nearest(X: NDArray[np.float32], centres: NDArray[Any]) -> NDArray[np.int64]:
    squares = ((X[:, None, :] - centres[None]) ** 2).sum(axis=2)
    found: NDArray[np.int64] = squares.argmin(axis=1)
    return found


def _dense(X: NDArray[np.float32]) -> dict[str, Any]:
    sklearn = import_sklearn()
    neighbours = sklearn.neighbors.NearestNeighbors(n_neighbors=_NEIGHBOURS + 1).fit(X)
    distances, _ = neighbours.kneighbors(X)
    reach = float(np.quantile(distances[:, -1], _QUANTILE))
    fitted = sklearn.cluster.DBSCAN(eps=max(reach, 1e-9), min_samples=_NEIGHBOURS)
    labels = fitted.fit(X).labels_
    return {
        "reach": reach,
        "n_clusters": int(labels.max()) + 1,
        "n_outside": int((labels < 0).sum()),
    }
