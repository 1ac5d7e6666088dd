"""How many clusters do vectors form, and is that more than a Gaussian cloud shows?

k is searched where the inertia bends (Kneedle: Satopää et al. 2011), and chosen by the
silhouette (Rousseeuw 1987) near the bend. The curve of any cloud bends somewhere, so
the silhouette is compared with that of Gaussian vectors of the same covariance (as in
SigClust: Liu et al. 2008), with k chosen in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.errors import UsageError
from pipeline.metrics.embeddings.plane import principal_plane

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]

SEED = 20240501
# k-means and silhouettes use at most this many vectors, drawn with the seed.
SAMPLE_ROWS = 4096
SILHOUETTE_ROWS = 1500
KS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 32, 48, 64)
# With fewer distinct vectors the scan over k is too short to have a bend.
MIN_DISTINCT = 8
N_NULL = 19


@dataclass(frozen=True)
class Clusters:
    """The scan over `ks`, the choice, and its centres in the units of the vectors.

    `axes` are the first two principal components as columns, the second zero where
    there is one dimension; `plane_fraction` is the share of the variance along them.
    `inertias` are within-cluster squares over the squares about the mean, in [0, 1].
    `silhouettes` holds NaN for a k whose clusters are too rare in the sample.
    """

    k: int
    k_knee: int
    k_silhouette: int
    ks: tuple[int, ...]
    inertias: Floats
    silhouettes: Floats
    null_silhouettes: Floats
    centres: Singles
    axes: Floats
    plane_fraction: float

    @property
    def silhouette(self) -> float:
        return float(self.silhouettes[self.ks.index(self.k)])


def find_clusters(X: Singles, *, n_distinct: int) -> Clusters:
    """Cluster centred rows, of which `n_distinct` (MIN_DISTINCT or more) differ.

    Raises UsageError where scikit-learn is not installed.
    """
    sklearn = import_sklearn()
    rng = np.random.default_rng(SEED)
    judged = rng.permutation(len(X))[:SILHOUETTE_ROWS]
    # One thread, as parallel sums round differently each time.
    with threadpool_limits(limits=1):
        ks = tuple(k for k in KS if k <= n_distinct // 2)
        fits = [_fit(sklearn, X, k) for k in ks]
        distances = _distances(sklearn, X[judged])
        squares = float((X.astype(np.float64) ** 2).sum())
        inertias = np.array([fit.inertia_ / squares for fit in fits])
        silhouettes = np.array(
            [_silhouette(sklearn, distances, fit.labels_[judged]) for fit in fits]
        )
        # The curve starts at k = 1, with all the squares: its bend may then be at 2.
        knee = find_knee(np.array([1, *ks]), np.array([1.0, *inertias])) - 1
        knee = max(knee, 0)
        beside = slice(max(knee - 1, 0), knee + 2)
        chosen = _best(silhouettes, beside)
        root = _covariance_root(X)
        nulls = [
            _null_silhouette(sklearn, rng, root, n=len(X), ks=ks[beside])
            for _ in range(N_NULL)
        ]
    axes, plane_fraction = principal_plane(root)
    return Clusters(
        axes=axes,
        plane_fraction=plane_fraction,
        k=ks[chosen],
        k_knee=ks[knee],
        k_silhouette=ks[_best(silhouettes, slice(None))],
        ks=ks,
        inertias=np.clip(inertias, 0, 1),
        silhouettes=silhouettes,
        null_silhouettes=np.array(nulls),
        centres=fits[chosen].cluster_centers_,
    )


def find_knee(x: NDArray[np.int64], y: Floats) -> int:
    """The index at which a falling curve lies furthest below its chord."""
    falling = np.minimum.accumulate(y)
    fall = falling[0] - falling[-1]
    if len(x) < 2 or fall <= 0:
        return 0
    along = (x - x[0]) / (x[-1] - x[0])
    return int(np.argmax(1 - along - (falling - falling[-1]) / fall))


def _best(silhouettes: Floats, where: slice) -> int:
    """The index of the largest within a slice, the first where none is a number."""
    known = np.where(np.isnan(silhouettes), -np.inf, silhouettes)[where]
    return int(np.argmax(known)) + (where.start or 0)


def _fit(sklearn: Any, X: Singles, k: int) -> Any:
    """The better of two starts by its inertia.

    k-means++ starts from rows far apart and finds separate clouds. In hundreds of
    dimensions without such clouds these rows become clusters of one, and all other rows
    one cluster; the second start, the means of a random partition, avoids this.
    """
    options = {"n_clusters": k, "random_state": SEED, "n_init": 1, "batch_size": 1024}
    labels = np.random.default_rng(SEED).permutation(len(X)) % k
    means = np.stack([X[labels == cluster].mean(axis=0) for cluster in range(k)])
    fits = (
        sklearn.cluster.MiniBatchKMeans(**options).fit(X),
        sklearn.cluster.MiniBatchKMeans(
            init=means, reassignment_ratio=0, **options
        ).fit(X),
    )
    return min(fits, key=lambda fit: float(fit.inertia_))


def _distances(sklearn: Any, X: Singles) -> Floats:
    found = sklearn.metrics.pairwise.euclidean_distances(X.astype(np.float64))
    np.fill_diagonal(found, 0)
    return found


def _silhouette(sklearn: Any, distances: Floats, labels: NDArray[np.int32]) -> float:
    if not 2 <= len(np.unique(labels)) < len(labels):
        return float("nan")
    return float(
        sklearn.metrics.silhouette_score(distances, labels, metric="precomputed")
    )


def _covariance_root(X: Singles) -> Floats:
    """R with R·Rᵀ the covariance; eigenvalues at the size of rounding are set to 0."""
    centred = X.astype(np.float64) - X.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(X))
    return vectors * np.sqrt(np.maximum(values, 0))


def _null_silhouette(
    sklearn: Any, rng: np.random.Generator, root: Floats, *, n: int, ks: tuple[int, ...]
) -> float:
    Z = (rng.standard_normal((n, len(root))) @ root.T).astype(np.float32)
    distances = _distances(sklearn, Z[:SILHOUETTE_ROWS])
    found = [
        _silhouette(sklearn, distances, _fit(sklearn, Z, k).labels_[:SILHOUETTE_ROWS])
        for k in ks
    ]
    return float(np.fmax.reduce(found))


def import_sklearn() -> Any:
    """The library; raises UsageError with the install command where it is missing."""
    try:
        import sklearn.cluster
        import sklearn.metrics
    except ImportError as error:
        raise UsageError(
            "the family embeddings needs scikit-learn",
            fix="pip install 'weightlake[stats]', or leave the family out",
        ) from error
    return sklearn
