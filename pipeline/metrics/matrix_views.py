"""Which rows of `spectra` does a tensor give: one per way to see it as a matrix."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from pipeline.dtypes import DTYPES
from pipeline.metrics.counting import sum_powers
from pipeline.metrics.entries import Row
from pipeline.metrics.nulls import Nulls, compare_with_null, shape_of
from pipeline.metrics.singular_values import (
    Blocks,
    blocks_of_array,
    blocks_of_stream,
    singular_values,
)
from pipeline.metrics.spectrum import describe_spectrum
from pipeline.metrics.tail import describe_tail
from pipeline.metrics.tensor import Rows, Tensor, View

NO_NULLS: Nulls = MappingProxyType({})

_BLOCK_ROWS = 4096


def measure_spectra(tensor: Tensor, *, nulls: Nulls = NO_NULLS) -> Rows:
    """One row of `spectra` per matrix view, or one that says why there is none.

    A view whose shape `nulls` lacks has no null_z and no null_p.
    """
    if not tensor.views:
        none: Row = {
            "view": "none",
            "view_component": "",
            "matrix_view": "none",
            "status": "no_view",
            "reason": tensor.no_view_reason,
        }
        return {"spectra": [none]}
    rows = []
    for view in tensor.views:
        row = _measure_view(tensor, view)
        null = nulls.get(shape_of(view.n_rows, view.n_cols))
        if null is not None and row["status"] == "ok":
            row |= compare_with_null(row, null, _kurtosis(tensor, view))
        rows.append(row)
    return {"spectra": rows}


def _kurtosis(tensor: Tensor, view: View) -> float | None:
    """Excess kurtosis of the view's entries, which may be a part of the tensor's."""
    if view.n_rows * view.n_cols == tensor.values.n_elements:
        found: float | None = tensor.entries["kurtosis"]
        return found
    blocks = read_blocks(tensor, view)
    assert blocks is not None, "a view with a spectrum has blocks"  # noqa: S101
    # The tensor's scale keeps the powers of denormals from vanishing.
    powers = np.zeros(5)
    for block in blocks(_BLOCK_ROWS):
        powers += sum_powers(block.ravel() / tensor.abs_max, 0.0)
    m1, m2, m3, m4 = powers[1:] / (view.n_rows * view.n_cols)
    variance = m2 - m1**2
    if variance <= 0:
        return None
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return float(fourth / variance**2 - 3)


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
    blocks = read_blocks(tensor, view)
    if blocks is None:
        reason = "larger than the memory it may use, and not a tall matrix as stored"
        return row | {"status": "over_budget", "reason": f"{reason}: raise --memory"}
    if tensor.has_non_finite and not _is_finite(blocks):
        return row | {"status": "non_finite", "reason": "the view holds NaN or Inf"}
    return row | _solve(tensor, view, blocks)


def read_blocks(tensor: Tensor, view: View) -> Blocks | None:
    """Walk a view; None where it is too large to hold and no tall matrix as stored."""
    values = tensor.values
    if values.resident is not None:
        return blocks_of_array(view.of(values.array()), values.dtype)
    shape = view.n_rows, view.n_cols
    if shape == values.matrix_shape and view.view == "whole" and shape[0] >= shape[1]:
        return blocks_of_stream(values)
    return None


def _is_finite(blocks: Blocks) -> bool:
    return all(np.isfinite(block).all() for block in blocks(_BLOCK_ROWS))


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
    for describe in (describe_spectrum, describe_tail):
        row |= describe(
            solved.sigma,
            n_rows=view.n_rows,
            n_cols=view.n_cols,
            eps=DTYPES[tensor.values.dtype].eps,
            error_bound=solved.error_bound,
        )
    return row
