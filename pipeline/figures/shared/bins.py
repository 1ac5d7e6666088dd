"""Which bars does a histogram have? The frame as densities, one set per tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import UsageError
from pipeline.figures.shared.labels import drawable

if TYPE_CHECKING:
    import polars as pl

# A bin is a spike if it is this many times taller than every other bin, which would
# flatten the rest. Chosen by eye on pruned and dense tensors.
_SPIKE_RATIO = 5.0
_SEEN = 0.05  # of the tallest bar: taller than the width of a line
_BODY_SHARE = 0.25  # of the bins


@dataclass(frozen=True)
class Bins:
    """One tensor's histogram: `edges` has one entry more than `density`.

    `points` are bins without width: a value, and the share of entries equal to it.
    """

    model: str
    revision: str
    tensor: str
    edges: np.ndarray
    density: np.ndarray
    points: tuple[tuple[float, float], ...]


def as_bins(frame: pl.DataFrame) -> tuple[Bins, ...]:
    """The frame by model, revision and tensor, in the order of the rows.

    Raises UsageError where the edges are too large for an axis.
    """
    keys = ["model", "revision", "tensor"]
    rows = frame.drop_nulls(["bin_low", "bin_high", "count"])
    for edge in (*rows["bin_low"], *rows["bin_high"]):
        if math.isinf(drawable(edge)):
            raise UsageError(
                f"values reach {edge:g}, too far out to be drawn",
                fix="Choose a part of the range with --param low=… --param high=…",
            )
    return tuple(
        _bins(str(model), str(revision), str(tensor), part.sort("bin_low"))
        for (model, revision, tensor), part in rows.partition_by(
            keys, as_dict=True, maintain_order=True
        ).items()
        if part["count"].sum() > 0
    )


def is_spike(bins: Bins) -> np.ndarray:
    """True for the tallest bin if the second tallest is below a fifth of it.

    The other bins must have a visible shape without it: the peak of a heavy-tailed
    histogram in coarse bins is not a spike.
    """
    mask = np.zeros(bins.density.shape, bool)
    if bins.density.size < 3:
        return mask
    order = np.argsort(bins.density)
    tallest, second = bins.density[order[-1]], bins.density[order[-2]]
    n_seen = int((bins.density > second * _SEEN).sum()) - 1
    has_shape = n_seen >= _BODY_SHARE * bins.density.size
    mask[order[-1]] = has_shape and 0 < second * _SPIKE_RATIO < tallest
    return mask


def tallest_but_spikes(tensors: tuple[Bins, ...]) -> float:
    """The largest density of a bin that is not a spike; 0 where all bins are empty."""
    return max(
        (
            float(bins.density[~is_spike(bins)].max())
            for bins in tensors
            if bins.density.any()
        ),
        default=0.0,
    )


def split_names(tensors: tuple[Bins, ...]) -> tuple[list[str], list[str]]:
    """The parts of the names that all tensors share, and each tensor's own part."""
    keys = [(bins.model, bins.revision, bins.tensor) for bins in tensors]
    models, revisions, names = (
        list(dict.fromkeys(part)) for part in zip(*keys, strict=True)
    )
    is_one = [len(part) == 1 for part in (models, revisions, names)]
    common = []
    if is_one[0]:
        common.append(f"{models[0]}@{revisions[0]}" if is_one[1] else models[0])
    if is_one[2]:
        common.append(names[0])
    own = []
    for model, revision, tensor in keys:
        parts = [
            "" if is_one[0] else model,
            "" if is_one[0] and is_one[1] else revision,
        ]
        checkpoint = "@".join(part for part in parts if part)
        own.append(
            " ".join(part for part in (checkpoint, "" if is_one[2] else tensor) if part)
        )
    return common, own


def _bins(model: str, revision: str, tensor: str, part: pl.DataFrame) -> Bins:
    low = np.array([drawable(edge) for edge in part["bin_low"]])
    high = np.array([drawable(edge) for edge in part["bin_high"]])
    share = part["count"].to_numpy() / part["count"].sum()
    is_point = high <= low
    points = tuple(zip(low[is_point].tolist(), share[is_point].tolist(), strict=True))
    # The query's density is relative to all entries, also where its bins cover a part
    # of the range; it cannot be recomputed from the shares here.
    density = part["density"].to_numpy().astype(float)
    edges, density = _close_gaps(low[~is_point], high[~is_point], density[~is_point])
    return Bins(model, revision, tensor, edges, density, points)


def _close_gaps(
    low: np.ndarray, high: np.ndarray, density: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add the empty bins that the query leaves out, with density 0."""
    edges: list[float] = list(low[:1])
    heights: list[float] = []
    for left, right, height in zip(low, high, density, strict=True):
        if left - edges[-1] > 1e-6 * (right - left):
            heights.append(0.0)
            edges.append(left)
        heights.append(height)
        edges.append(right)
    return np.array(edges), np.array(heights)
