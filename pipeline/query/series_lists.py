"""How do series go from SQL's lists to the detectors, and breaks and events back?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.row import Row
from pipeline.tables import Table
from pipeline.tables.functions import BREAKS, RUN_BREAKS, RUN_EVENTS, SCANS
from pipeline.tables.types import lists_of, struct_of

if TYPE_CHECKING:
    import polars as pl

    from pipeline.analysis import Ready

_KEYS = ("model", "metric", "tensor")


def one_by_one(
    steps: pa.ChunkedArray, values: pa.ChunkedArray, metrics: pa.ChunkedArray
) -> pa.Array:
    """`series_breaks`: a chunk of series, each judged alone."""
    from pipeline.analysis import scan_many

    scans = scan_many(_prepared(steps, values, metrics), alpha=0.05)
    rows = [
        {
            "status": scan.status,
            "n_points": scan.n_points,
            "breaks": [
                {field.name: getattr(each, field.name) for field in struct_of(BREAKS)}
                for each in scan.breaks
            ],
        }
        for scan in scans
    ]
    return pa.array(rows, struct_of(SCANS))


def statuses(
    steps: pa.ChunkedArray, values: pa.ChunkedArray, metrics: pa.ChunkedArray
) -> pa.Array:
    """`series_status`: whether each series can be judged."""
    from pipeline.analysis import scan_many

    scans = scan_many(_prepared(steps, values, metrics), alpha=0.05)
    return pa.array([each.status for each in scans])


def _prepared(
    steps: pa.ChunkedArray, values: pa.ChunkedArray, metrics: pa.ChunkedArray
) -> list[Ready]:
    import numpy as np

    from pipeline.analysis import CHANGE_METRICS, prepare_many

    return prepare_many(
        [np.array(each, np.float64) for each in steps.to_pylist()],
        [np.array(each, np.float64) for each in values.to_pylist()],
        [name in CHANGE_METRICS for name in metrics.to_pylist()],
    )


def run_breaks(runs: pa.ChunkedArray) -> pa.Array:
    """`run_breaks`: each row is a list of series that are judged together."""
    from pipeline.analysis import find_change_points

    found = []
    for series in _frames(runs):
        places = series.select(*_KEYS).with_row_index("place", offset=1)
        all_found = find_change_points(_long(series), by=_KEYS)
        n_tested = (
            all_found.tested.filter(status="ok")
            .group_by("model", "metric")
            .len("n_tested")
        )
        rows = all_found.breaks.join(places, on=_KEYS, nulls_equal=True).join(
            n_tested, on=("model", "metric"), nulls_equal=True
        )
        found.append(rows.sort("q_value", "place", "step").to_dicts())
    return _as_lists(found, RUN_BREAKS)


def run_events(runs: pa.ChunkedArray, min_agreement: pa.ChunkedArray) -> pa.Array:
    """`run_events`: each row is a list of series, and the share that makes an event."""
    from pipeline.analysis import find_run_events

    found = [
        find_run_events(_long(series), min_agreement=least).to_dicts()
        for series, least in zip(_frames(runs), min_agreement.to_pylist(), strict=True)
    ]
    return _as_lists(found, RUN_EVENTS)


def _frames(runs: pa.ChunkedArray) -> list[pl.DataFrame]:
    """Each row's series, one to a row: model, metric, tensor, step and value lists."""
    import polars as pl

    names = {"member": "tensor", "steps": "step", "series": "value"}
    chunk = runs.combine_chunks()
    return [
        pl.DataFrame(pa.Table.from_struct_array(chunk[i].values)).rename(names)
        for i in range(len(chunk))
    ]


def _long(series: pl.DataFrame) -> pl.DataFrame:
    return series.explode("step", "value")


def _as_lists(rows: list[list[Row]], table: Table) -> pa.Array:
    """Rows with the declared columns; what else they hold is left out."""
    names = [column.name for column in table.columns]
    return pa.array(
        [[{name: row[name] for name in names} for row in part] for part in rows],
        lists_of(table),
    )
