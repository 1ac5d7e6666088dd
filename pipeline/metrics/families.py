"""Which metric families are there, and which rows does each make of a tensor?"""

from __future__ import annotations

import numpy as np

from pipeline.dtypes import DTYPES
from pipeline.metrics import group
from pipeline.metrics.circuits.adapters import measure_adapter
from pipeline.metrics.circuits.heads import measure_heads
from pipeline.metrics.embeddings.tokens import measure_embedding
from pipeline.metrics.entries.channels import N_TOP, describe_side, sum_channels
from pipeline.metrics.entries.fits import fit_laws
from pipeline.metrics.entries.quantisation import clip_gain, rounding_noise
from pipeline.metrics.entries.sketches import measure_sketch
from pipeline.metrics.entries.sparsity import zero_patterns
from pipeline.metrics.nulls.randomised import measure_randomised
from pipeline.metrics.spectra.matrix_views import measure_spectra
from pipeline.metrics.tails.tail_fits import measure_tails
from pipeline.metrics.tensor import Family, Rows, Tensor
from pipeline.row import Row

_SINGLES = (np.finfo(np.float32).min, np.finfo(np.float32).max)


def measure_entries(tensor: Tensor) -> Rows:
    """One row of `tensor_stats` and one of `value_counts`."""
    dist = tensor.distribution
    row = dict(tensor.entries)
    row |= zero_patterns(tensor.values, n_zero=row["n_zero"])
    if DTYPES[tensor.values.dtype].kind == "float" and dist.n_finite:
        row |= rounding_noise(
            tensor.values,
            abs_max=tensor.abs_max,
            frobenius_norm=row["frobenius_norm"] or 0.0,
            has_non_finite=tensor.has_non_finite,
        )
        row["int4_clip_gain_db"] = clip_gain(dist)
        row |= fit_laws(dist)
    counts: Row = {
        "resolution": dist.resolution,
        # Beyond float32; the moments of such an F64 tensor overflow anyway.
        "values": np.clip(dist.values, *_SINGLES).astype(np.float32),
        "counts": dist.counts,
    }
    return {"tensor_stats": [row], "value_counts": [counts]}


def measure_channels(tensor: Tensor) -> Rows:
    """Two rows of `channels`, one per side, for a tensor of two or more dimensions."""
    values = tensor.values
    if len(values.shape) < 2 or values.n_elements == 0:
        return {"channels": []}
    sums = sum_channels(
        values,
        top_threshold=_top_threshold(tensor),
        has_non_finite=tensor.has_non_finite,
    )
    sigma = tensor.entries.get("std")
    sides = [describe_side(sums, side, sigma=sigma) for side in ("rows", "cols")]
    return {"channels": sides}


def _top_threshold(tensor: Tensor) -> float:
    """A magnitude that at least N_TOP elements reach (all, in a smaller tensor)."""
    dist = tensor.distribution
    magnitude = np.abs(dist.values)
    descending = np.argsort(-magnitude, kind="stable")
    reached = np.cumsum(dist.counts[descending])
    place = min(int(np.searchsorted(reached, N_TOP)), magnitude.size - 1)
    if place < 0:
        return 0.0
    # A bin's middle may lie above the elements it stands for.
    return float(magnitude[descending[place]]) * (1 - 2 * dist.resolution)


ENTRIES = Family("entries", 4, ("tensor_stats", "value_counts"), measure_entries)
CHANNELS = Family("channels", 2, ("channels",), measure_channels)
SPECTRA = Family("spectra", 5, ("spectra",), measure_spectra, uses_nulls=True)
TAILS = Family("tails", 1, ("tail_fits",), measure_tails, is_default=False)
RANDOMISED = Family(
    "randomised", 4, ("randomised",), measure_randomised, is_default=False
)
SKETCHES = Family("sketches", 1, ("sketches",), measure_sketch)
ADAPTERS = Family("adapters", 2, ("adapters",), measure_adapter, group.Adapter)
HEADS = Family(
    "heads", 1, ("heads", "circuits"), measure_heads, group.Attention, is_default=False
)
EMBEDDINGS = Family(
    "embeddings",
    3,
    ("vocabularies", "embeddings"),
    measure_embedding,
    group.Embedding,
    is_default=False,
)

FAMILIES: tuple[Family, ...] = (
    ENTRIES,
    CHANNELS,
    SPECTRA,
    TAILS,
    RANDOMISED,
    SKETCHES,
    ADAPTERS,
    HEADS,
    EMBEDDINGS,
)
DEFAULT_FAMILIES = tuple(family.name for family in FAMILIES if family.is_default)
