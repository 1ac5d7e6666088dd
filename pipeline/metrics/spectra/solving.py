"""What are the singular values of a view, or why has it none?

Several families need the same spectrum, so each is solved once and kept in the tensor.
"""

from __future__ import annotations

import numpy as np

from pipeline.metrics.entries.counting import sum_powers
from pipeline.metrics.spectra.singular_values import (
    GRAMS_HELD,
    Blocks,
    SingularValues,
    blocks_of_array,
    blocks_of_stream,
)
from pipeline.metrics.tensor import Tensor, Unsolved, View

_BLOCK_ROWS = 4096


def solve_view(tensor: Tensor, view: View) -> SingularValues | Unsolved:
    """The spectrum of a view; an expected failure is a status and its reason."""
    if view.view not in tensor.solved:
        tensor.solved[view.view] = solve_once(tensor, view)
    return tensor.solved[view.view]


def solve_once(tensor: Tensor, view: View) -> SingularValues | Unsolved:
    n_small = min(view.n_rows, view.n_cols)
    if n_small == 0:
        return Unsolved("empty", "the view has no element")
    need = int(GRAMS_HELD * 8 * n_small**2)
    if need > tensor.memory_bytes:
        reason = f"a Gram matrix of side {n_small} needs {need} bytes: raise --memory"
        return Unsolved("over_budget", reason)
    blocks = read_blocks(tensor, view)
    if blocks is None:
        reason = "larger than the memory it may use, and not a tall matrix as stored"
        return Unsolved("over_budget", f"{reason}: raise --memory")
    if tensor.has_non_finite and not _is_finite(blocks):
        return Unsolved("non_finite", "the view holds NaN or Inf")
    try:
        return tensor.solve(blocks, n_small, abs_max=tensor.abs_max)
    except np.linalg.LinAlgError as error:
        return Unsolved("not_converged", str(error))


def read_blocks(tensor: Tensor, view: View) -> Blocks | None:
    """Walk a view; None if it is too large for memory and not a tall stored matrix."""
    values = tensor.values
    if values.resident is not None:
        return blocks_of_array(view.of(values.array()), values.dtype)
    shape = view.n_rows, view.n_cols
    if shape == values.matrix_shape and view.view == "whole" and shape[0] >= shape[1]:
        return blocks_of_stream(values)
    return None


def _is_finite(blocks: Blocks) -> bool:
    return all(np.isfinite(block).all() for block in blocks(_BLOCK_ROWS))


def kurtosis_of(tensor: Tensor, view: View) -> float | None:
    """Excess kurtosis of a view's entries; a view may be a part of the tensor.

    The view must have a spectrum. None where the entries are constant.
    """
    if view.n_rows * view.n_cols == tensor.values.n_elements:
        found: float | None = tensor.entries["kurtosis"]
        return found
    blocks = read_blocks(tensor, view)
    assert blocks is not None, "a view with a spectrum has blocks"  # noqa: S101
    # Scaled by the tensor's largest value, so that powers of denormals do not vanish.
    powers = np.zeros(5)
    for block in blocks(_BLOCK_ROWS):
        powers += sum_powers(block.ravel() / tensor.abs_max, 0.0)
    m1, m2, m3, m4 = powers[1:] / (view.n_rows * view.n_cols)
    variance = m2 - m1**2
    if variance <= 0:
        return None
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return float(fourth / variance**2 - 3)
