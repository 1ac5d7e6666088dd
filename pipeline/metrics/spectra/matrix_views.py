"""Which rows of `spectra` does a tensor have? One per view of it as a matrix."""

from __future__ import annotations

from pipeline.dtypes import DTYPES
from pipeline.metrics.nulls.by_shape import (
    MOST_KURTOSIS,
    compare_with_null,
    shape_of,
)
from pipeline.metrics.spectra.solving import kurtosis_of, solve_view
from pipeline.metrics.spectra.spectrum import describe_spectrum
from pipeline.metrics.tails.tail import describe_tail
from pipeline.metrics.tensor import Rows, Tensor, Unsolved, View
from pipeline.row import Row


def measure_spectra(tensor: Tensor) -> Rows:
    """One row of `spectra` per matrix view, or one row with the reason for none.

    A view without a null for its shape has no null_z and no null_p.
    """
    if not tensor.views:
        row: Row = {"matrix_view": "none", "view_component": ""}
        return {"spectra": [no_view(tensor) | row]}
    rows = []
    for view in tensor.views:
        row = _measure_view(tensor, view)
        null = tensor.nulls.get(shape_of(view.n_rows, view.n_cols))
        if row["status"] == "ok":
            kurtosis = kurtosis_of(tensor, view)
            row |= compare_with_null(row, null, kurtosis)
            row |= _judge_edge(row, kurtosis)
        rows.append(row)
    return {"spectra": rows}


def _judge_edge(row: Row, kurtosis: float | None) -> Row:
    """Drop the edge and spikes of heavy-tailed entries: their noise passes the edge."""
    if row.get("n_spikes") is None:
        return {"spikes_status": "no_bulk"}
    if (kurtosis or 0.0) > MOST_KURTOSIS:
        return {"n_spikes": None, "spikes_status": "not_normal"}
    return {"spikes_status": "ok"}


def no_view(tensor: Tensor) -> Row:
    """The row of a tensor without a matrix view."""
    return {"view": "none", "status": "no_view", "reason": tensor.no_view_reason}


def _measure_view(tensor: Tensor, view: View) -> Row:
    row: Row = {
        "view": view.view,
        "view_component": view.component,
        "view_expert": view.expert,
        "matrix_view": view.matrix_view,
        "n_rows": view.n_rows,
        "n_cols": view.n_cols,
    }
    solved = solve_view(tensor, view)
    if isinstance(solved, Unsolved):
        return row | {"status": solved.status, "reason": solved.reason}
    row |= {
        "method": solved.method,
        "device": solved.device,
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
