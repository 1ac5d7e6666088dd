"""Which metric families are there, and which rows does each make of a tensor?"""

from __future__ import annotations

import numpy as np

from pipeline.dtypes import DTYPES
from pipeline.metrics.adapters import measure_adapter
from pipeline.metrics.channels import N_TOP, describe_side, sum_channels
from pipeline.metrics.entries import Row
from pipeline.metrics.heads import measure_heads
from pipeline.metrics.quantisation import clip_gain, rounding_noise
from pipeline.metrics.singular_values import (
    Blocks,
    blocks_of_array,
    blocks_of_stream,
    singular_values,
)
from pipeline.metrics.sparsity import zero_patterns
from pipeline.metrics.spectrum import describe_spectrum
from pipeline.metrics.tensor import Family, Rows, Tensor, View


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
    counts: Row = {
        "resolution": dist.resolution,
        "values": dist.values.astype(np.float32),
        "counts": dist.counts,
    }
    return {"tensor_stats": [row], "value_counts": [counts]}


def measure_channels(tensor: Tensor) -> Rows:
    """Two rows of `channels`, one a side, for a tensor of two or more dimensions."""
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


def measure_spectra(tensor: Tensor) -> Rows:
    """One row of `spectra` per matrix view, or one that says why there is none."""
    if not tensor.views:
        none: Row = {
            "view": "none",
            "view_component": "",
            "matrix_view": "none",
            "status": "no_view",
            "reason": tensor.no_view_reason,
        }
        return {"spectra": [none]}
    return {"spectra": [_measure_view(tensor, view) for view in tensor.views]}


def _measure_view(tensor: Tensor, view: View) -> Row:
    row: Row = {
        "view": view.view,
        "view_component": view.component,
        "view_expert": view.expert,
        "matrix_view": view.matrix_view,
        "n_rows": view.n_rows,
        "n_cols": view.n_cols,
    }
    n_small = min(view.n_rows, view.n_cols)
    if n_small == 0:
        return row | {"status": "empty", "reason": "the view has no element"}
    # The Gram matrix, and the copy that LAPACK works in.
    need = 2 * 8 * n_small**2
    if need > tensor.memory_bytes:
        reason = f"a Gram matrix of side {n_small} needs {need} bytes: raise --memory"
        return row | {"status": "over_budget", "reason": reason}
    blocks = _blocks(tensor, view)
    if blocks is None:
        reason = "larger than the memory it may use, and not a tall matrix as stored"
        return row | {"status": "over_budget", "reason": f"{reason}: raise --memory"}
    if tensor.has_non_finite and not _is_finite(blocks):
        return row | {"status": "non_finite", "reason": "the view holds NaN or Inf"}
    return row | _solve(tensor, view, blocks)


def _blocks(tensor: Tensor, view: View) -> Blocks | None:
    values = tensor.values
    if values.resident is not None:
        return blocks_of_array(view.of(values.array()), values.dtype)
    shape = view.n_rows, view.n_cols
    if shape == values.matrix_shape and view.view == "whole" and shape[0] >= shape[1]:
        return blocks_of_stream(values)
    return None


def _is_finite(blocks: Blocks) -> bool:
    return all(np.isfinite(block).all() for block in blocks(4096))


def _solve(tensor: Tensor, view: View, blocks: Blocks) -> Row:
    n_small = min(view.n_rows, view.n_cols)
    try:
        solved = singular_values(blocks, n_small, abs_max=tensor.abs_max)
    except np.linalg.LinAlgError as error:
        return {"status": "not_converged", "reason": str(error)}
    row: Row = {
        "method": solved.method,
        "singular_values": solved.sigma,
        "sigma_error_bound": solved.error_bound,
    }
    return row | describe_spectrum(
        solved.sigma,
        n_rows=view.n_rows,
        n_cols=view.n_cols,
        eps=DTYPES[tensor.values.dtype].eps,
        error_bound=solved.error_bound,
    )


ENTRIES = Family("entries", 1, ("tensor_stats", "value_counts"), measure_entries)
CHANNELS = Family("channels", 1, ("channels",), measure_channels)
SPECTRA = Family("spectra", 1, ("spectra",), measure_spectra)
ADAPTERS = Family("adapters", 1, ("adapters",), measure_adapter, "adapter")
HEADS = Family(
    "heads", 1, ("heads", "circuits"), measure_heads, "attention", is_default=False
)

FAMILIES: tuple[Family, ...] = (ENTRIES, CHANNELS, SPECTRA, ADAPTERS, HEADS)
DEFAULT_FAMILIES = tuple(family.name for family in FAMILIES if family.is_default)
