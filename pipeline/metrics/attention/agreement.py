"""Which other head looks where this one looks? By maps, at any length of text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


def affinity(maps: Reals) -> Reals:
    """Mean over queries of Σ_j √(p_j q_j), for each pair of maps (N, queries, keys).

    Rows are shares of keys, normalised to sum to 1. This Bhattacharyya coefficient is 1
    where two heads look alike and 0 where they never look at the same stretch.
    Stretches without queries (NaN) are skipped. Returns (N, N).
    """
    mass = np.nansum(maps, axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        roots = np.sqrt(np.where(mass > 0, maps / mass, 0.0))
    roots = np.nan_to_num(roots)
    n_rows = max(1, int((mass[:, :, 0] > 0).any(axis=0).sum()))
    flat = roots.reshape(len(maps), -1)
    return np.clip(flat @ flat.T / n_rows, 0.0, 1.0)


def nearest(maps: Reals) -> tuple[NDArray[np.int64], Reals]:
    """The most similar other map of each map, and its affinity; -1 for a lone map."""
    if len(maps) < 2:
        return np.full(len(maps), -1), np.full(len(maps), np.nan)
    alike = affinity(maps)
    np.fill_diagonal(alike, -1.0)
    others = alike.argmax(axis=1)
    return others, alike[np.arange(len(maps)), others]
