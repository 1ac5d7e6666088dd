"""Which functions of ours can SQL call? Detectors over lists, loaded when named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

import duckdb
import pyarrow as pa

_NAME = "series_breaks"
_CALL = re.compile(rf"\b{_NAME}\s*\(", re.IGNORECASE)
_BREAK = (
    "struct(step bigint, kind varchar, before double, after double, "
    "effect_size double, p_value double)"
)
_RESULT = f"struct(status varchar, n_points bigint, breaks {_BREAK}[])"


def add_functions(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Register what `text` calls; plain queries load no detector.

    `series_breaks(steps, values, metric)` takes lists of one series, its steps
    ascending, and gives its status and every break with p ≤ 0.05.
    """
    if _CALL.search(text):
        # The stubs know neither functions over Arrow nor nested types as text.
        create = cast("Callable[..., object]", con.create_function)
        takes = ["bigint[]", "double[]", "varchar"]
        create(_NAME, _series_breaks, takes, _RESULT, type="arrow")


def _series_breaks(
    steps: pa.ChunkedArray, values: pa.ChunkedArray, metrics: pa.ChunkedArray
) -> pa.Array:
    """One chunk of series, as DuckDB hands them over."""
    import numpy as np

    from pipeline.analysis import CHANGE_METRICS, prepare_many, scan_many

    scans = scan_many(
        prepare_many(
            [np.array(each, np.float64) for each in steps.to_pylist()],
            [np.array(each, np.float64) for each in values.to_pylist()],
            [name in CHANGE_METRICS for name in metrics.to_pylist()],
        ),
        alpha=0.05,
    )
    names = ("step", "kind", "before", "after", "effect_size", "p_value")
    rows = [
        {
            "status": scan.status,
            "n_points": scan.n_points,
            "breaks": [{n: getattr(each, n) for n in names} for each in scan.breaks],
        }
        for scan in scans
    ]
    return pa.array(rows, _arrow_type())


def _arrow_type() -> pa.DataType:
    reals = ("before", "after", "effect_size", "p_value")
    each = pa.struct(
        [("step", pa.int64()), ("kind", pa.string())]
        + [(name, pa.float64()) for name in reals]
    )
    return pa.struct(
        [("status", pa.string()), ("n_points", pa.int64()), ("breaks", pa.list_(each))]
    )
