"""What are the norms, means and distances of an embedding's rows, block by block?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.metrics.group import Member

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_BLOCK_ELEMENTS = 1 << 20


@dataclass(frozen=True)
class Walk:
    """Norm of each row, NaN if it is not finite, and the mean of the finite rows.

    `n_distinct` is the number of distinct finite rows.
    """

    norms: Floats
    is_finite: Flags
    n_distinct: int
    mean: Floats

    @property
    def largest(self) -> float:
        return float(np.nanmax(self.norms))


def walk_rows(member: Member) -> Walk:
    """Walk the matrix once; a mean or norm beyond float64 is infinite."""
    n_rows, n_cols = member.patterns().shape
    norms, total = np.full(n_rows, np.nan), np.zeros(n_cols)
    seen: set[int] = set()
    with np.errstate(over="ignore"):
        for place, block in blocks(member):
            norms[place] = row_norms(block)
            # Adding 0 turns −0.0 into 0.0, and its copy has contiguous rows.
            kept = block[~np.isnan(norms[place])] + 0.0
            total += kept.sum(axis=0)
            seen.update(xxhash.xxh3_64_intdigest(each) for each in kept)
    is_finite = ~np.isnan(norms)
    return Walk(norms, is_finite, len(seen), total / max(int(is_finite.sum()), 1))


def blocks(member: Member) -> Iterator[tuple[slice, Floats]]:
    """Consecutive decoded rows, and their places."""
    patterns = member.patterns()
    step = max(_BLOCK_ELEMENTS // patterns.shape[1], 1)
    for start in range(0, len(patterns), step):
        place = slice(start, min(start + step, len(patterns)))
        yield place, member.decode(patterns[place])


def row_norms(block: Floats) -> Floats:
    """Euclidean norms without overflow on the way; NaN where a row is not finite."""
    largest = np.abs(block).max(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = block / np.where(largest > 0, largest, 1.0)[:, None]
        norms = largest * np.sqrt((scaled * scaled).sum(axis=1))
    norms[~np.isfinite(largest)] = np.nan
    return norms


def mean_of(member: Member, chosen: Flags) -> Floats:
    """The mean of the chosen rows, all finite."""
    total = np.zeros(member.patterns().shape[1])
    for place, block in blocks(member):
        total += block[chosen[place]].sum(axis=0)
    return total / chosen.sum()


def distances_to(member: Member, point: Floats) -> Floats:
    """The distance of every row to one point; NaN where a row is not finite."""
    found = [row_norms(block - point) for _, block in blocks(member)]
    return np.concatenate(found)


def nearest_of(member: Member, points: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The nearest point of every row and its distance; -1 and NaN for rows with NaN."""
    labels = np.full(member.patterns().shape[0], -1)
    distances = np.full(labels.shape, np.nan)
    scale = float(np.abs(points).max()) or 1.0
    squares = ((points / scale) ** 2).sum(axis=1)
    for place, block in blocks(member):
        finite = np.isfinite(block).all(axis=1)
        X = block[finite] / scale
        far = squares - 2 * X @ (points / scale).T
        best = far.argmin(axis=1)
        places = np.flatnonzero(finite) + place.start
        labels[places] = best
        distances[places] = row_norms(block[finite] - points[best])
    return labels, distances
