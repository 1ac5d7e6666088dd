"""What does an embedding hold? Norms by token id, odd tokens, clusters of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.metrics.embeddings.clusters import (
    MIN_DISTINCT,
    SAMPLE_ROWS,
    SEED,
    Clusters,
    find_clusters,
    import_sklearn,
)
from pipeline.metrics.embeddings.plane import place_cluster
from pipeline.metrics.embeddings.token_rows import (
    Flags,
    Floats,
    Walk,
    distances_to,
    mean_of,
    nearest_of,
    walk_rows,
)
from pipeline.metrics.embeddings.undertrained import (
    N_KEPT,
    Evidence,
    find_unused,
    rank_candidates,
    robust_z,
    unused_ratio,
)
from pipeline.metrics.group import Embedding, Member
from pipeline.metrics.tensor import Rows
from pipeline.row import Row

N_NEAREST = 10


def measure_embedding(embedding: Embedding) -> Rows:
    """One row of `vocabularies`, and one of `embeddings` per cluster.

    Rows with NaN or Inf are counted and left out. Without clusters the status says why;
    norms and candidates are still given where they are defined.
    Raises UsageError where scikit-learn is not installed.
    """
    import_sklearn()
    member = embedding.member
    row: Row = {
        "tensor": member.tensor,
        "digest": member.digest,
        "tokenizer": embedding.tokenizer or None,
        "tokenizer_problem": embedding.tokenizer_problem or None,
    }
    if member.values is None:
        row |= {"status": member.status, "reason": member.reason}
        return {"vocabularies": [row], "embeddings": []}
    n_rows, n_cols = member.patterns().shape
    row |= {"n_rows": n_rows, "n_cols": n_cols}
    if n_rows * n_cols == 0:
        row |= _status("empty", "the tensor has no element")
        return {"vocabularies": [row], "embeddings": []}
    walk = walk_rows(member)
    row |= _describe_norms(walk)
    problem = _find_problem(walk)
    if problem:
        return {"vocabularies": [row | problem], "embeddings": []}
    row |= _describe_tokens(embedding, walk)
    found, clusters = _cluster(embedding, walk)
    return {"vocabularies": [row | found], "embeddings": clusters}


def _status(status: str, reason: str) -> Row:
    return {"status": status, "reason": reason}


def _find_problem(walk: Walk) -> Row:
    n = int(walk.is_finite.sum())
    if n == 0:
        return _status("non_finite", "every row holds NaN or Inf")
    largest = walk.largest
    if largest == 0:
        return _status("all_zero", "every finite row is zero")
    if not np.isfinite(largest) or not np.isfinite(walk.mean).all():
        return _status("overflow", "norms or their mean lie beyond float64")
    if walk.n_distinct == 1:
        return _status("constant", "all rows are the same")
    return {}


def _describe_norms(walk: Walk) -> Row:
    norms = walk.norms[walk.is_finite]
    row: Row = {
        "n_non_finite_rows": int((~walk.is_finite).sum()),
        "n_zero_rows": int((norms == 0).sum()),
        "n_repeated_rows": norms.size - walk.n_distinct,
    }
    if norms.size and np.isfinite(norms).all():
        row |= {
            "norm_min": float(norms.min()),
            "norm_median": float(np.median(norms)),
            "norm_max": float(norms.max()),
        }
    return row


def _describe_tokens(embedding: Embedding, walk: Walk) -> Row:
    """Norm by token id, and the tokens that training may hardly have used."""
    n_rows = len(walk.norms)
    tokens = embedding.tokens
    unused = find_unused(tokens, n_rows) if tokens else np.zeros(n_rows, bool)
    used = walk.is_finite & ~unused
    row: Row = {"n_unused_rows": int(unused.sum()) if tokens else None}
    row |= _rank_norms(walk.norms, used)
    evidence = _gather(embedding.member, walk, used, unused & walk.is_finite)
    ids = rank_candidates(evidence, used)
    kept = ids[:N_KEPT]
    return row | {
        "n_candidates": ids.size,
        "candidate_ids": kept.tolist(),
        "candidate_tokens": _spell(kept.tolist(), tokens),
        "candidate_norm_z": _listed(evidence.norm_z[kept]),
        "candidate_centre_z": _listed(evidence.centre_z[kept]),
        "candidate_unused_ratio": _listed(evidence.unused_ratio[kept]),
    }


def _rank_norms(norms: Floats, used: Flags) -> Row:
    """Spearman's ρ of norm and id, and z = ρ·√(n − 1), nearly normal if independent."""
    from scipy import stats

    ids = np.flatnonzero(used)
    if ids.size < 3 or np.ptp(norms[ids]) == 0:
        return {}
    ranks = stats.rankdata(norms[ids])
    rho = min(max(float(np.corrcoef(ranks, np.arange(ids.size))[0, 1]), -1.0), 1.0)
    return {"norm_id_spearman": rho, "norm_id_z": rho * float(np.sqrt(ids.size - 1))}


def _gather(member: Member, walk: Walk, used: Flags, unused: Flags) -> Evidence:
    """Robust z against used rows; distances to the means of all and of unused rows."""
    ratio = np.full(walk.norms.shape, np.nan)
    if not used.any():
        return Evidence(ratio, ratio, ratio)
    if unused.any():
        ratio = unused_ratio(distances_to(member, mean_of(member, unused)), unused)
    centre = distances_to(member, walk.mean)
    return Evidence(
        norm_z=robust_z(np.where(used, walk.norms, np.nan)),
        centre_z=robust_z(np.where(used, centre, np.nan)),
        unused_ratio=ratio,
    )


def _cluster(embedding: Embedding, walk: Walk) -> tuple[Row, list[Row]]:
    """The scan's columns with a status, and a row per cluster."""
    member = embedding.member
    sample = _draw(member, walk)
    n_distinct = len({xxhash.xxh3_64_intdigest(row) for row in sample})
    if n_distinct < MIN_DISTINCT:
        reason = f"{n_distinct} distinct rows make no scan of clusters"
        return _status("too_small", reason), []
    clusters = find_clusters(sample, n_distinct=n_distinct)
    scan = {"status": "ok"} | _describe_scan(clusters, len(sample))
    return scan, _describe_clusters(embedding, walk, clusters)


def _draw(member: Member, walk: Walk) -> NDArray[np.float32]:
    """At most SAMPLE_ROWS finite rows, drawn with the seed, centred and scaled."""
    ids = np.flatnonzero(walk.is_finite)
    if ids.size > SAMPLE_ROWS:
        drawn = np.random.default_rng(SEED).choice(ids, SAMPLE_ROWS, replace=False)
        ids = np.sort(drawn)
    rows = member.decode(member.patterns()[ids])
    return ((rows - walk.mean) / walk.largest).astype(np.float32)


def _describe_scan(clusters: Clusters, n_sample: int) -> Row:
    nulls = clusters.null_silhouettes[~np.isnan(clusters.null_silhouettes)]
    silhouette = clusters.silhouette
    row: Row = {
        "n_clusters": clusters.k,
        "k_knee": clusters.k_knee,
        "k_silhouette": clusters.k_silhouette,
        "n_sample": n_sample,
        "seed": SEED,
        "scan_k": list(clusters.ks),
        "scan_inertia": clusters.inertias.tolist(),
        "scan_silhouette": _listed(clusters.silhouettes),
        "inertia": float(clusters.inertias[clusters.ks.index(clusters.k)]),
        "plane_fraction": clusters.plane_fraction,
    }
    if np.isnan(silhouette) or not nulls.size:
        return row
    at_least = int((nulls >= silhouette).sum())
    return row | {
        "silhouette": silhouette,
        "null_silhouette": float(nulls.mean()),
        "null_p": (1 + at_least) / (1 + nulls.size),
    }


def _describe_clusters(
    embedding: Embedding, walk: Walk, clusters: Clusters
) -> list[Row]:
    """Assign all finite rows to their nearest centre; the largest cluster is 0."""
    member = embedding.member
    centres = clusters.centres.astype(np.float64) * walk.largest + walk.mean
    labels, distances = nearest_of(member, centres)
    sizes = np.bincount(labels[labels >= 0], minlength=clusters.k)
    rows: list[Row] = []
    for number, label in enumerate(np.argsort(-sizes, kind="stable")):
        ids = np.flatnonzero(labels == label)
        nearest = ids[np.argsort(distances[ids], kind="stable")[:N_NEAREST]].tolist()
        row: Row = {
            "tensor": member.tensor,
            "digest": member.digest,
            "cluster": number,
            "n_tokens": ids.size,
            "tokens_fraction": ids.size / int(walk.is_finite.sum()),
            "nearest_ids": nearest,
            "nearest_tokens": _spell(nearest, embedding.tokens),
        }
        if ids.size:
            plane = (walk.mean, clusters.axes)
            row |= place_cluster(member, ids, plane, centres[label])
            row |= {
                "norm_median": float(np.median(walk.norms[ids])),
                "id_median": float(np.median(ids)),
                "distance_median": float(np.median(distances[ids])),
            }
        rows.append(row)
    return rows


def _spell(ids: Sequence[int], tokens: Mapping[int, str] | None) -> list[str] | None:
    """The tokens' texts; null without a tokenizer, empty for an unknown id."""
    return None if tokens is None else [tokens.get(i, "") for i in ids]


def _listed(numbers: Floats) -> list[float | None]:
    return [None if np.isnan(each) else float(each) for each in numbers]
