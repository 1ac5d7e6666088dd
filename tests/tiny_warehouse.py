"""How is a warehouse of a few hand-made rows laid out, as the real writer does it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.refs import ModelRef
from pipeline.store import keys
from pipeline.tables import TABLES, Column, Table
from pipeline.tables.column import FLAG, TEXT, TIME

Row = Mapping[str, Any]

MEASURED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_USUAL: dict[str, Any] = {
    "model": "m",
    "revision": "main",
    "status": "ok",
    "parameter": "weight",
    "component": "q",
    "dtype": "F32",
    "view": "whole",
    "view_component": "q",
    "matrix_view": "as_stored",
    "kind": "model",
    "family": "gpt2",
    "side": "rows",
    "values": [],
    "counts": [],
}


def tiny_warehouse(root: Path, **tables: Iterable[Row]) -> Path:
    """Write seeds of every table, and the rows of the tables named, by partition.

    A row states what its test is about; other columns are null, or a usual word where
    null is not allowed. `status` of an extraction is `measured`.
    """
    for table in TABLES:
        seed = root / keys.seed_key(table.name)
        seed.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.schema().empty_table(), seed)
    for name, rows in tables.items():
        table = next(table for table in TABLES if table.name == name)
        write_rows(root, table, rows)
    return root


def write_rows(root: Path, table: Table, rows: Iterable[Row]) -> None:
    """One file per model and revision of the rows, with the declared schema."""
    partitions: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        filled = {column.name: _fill(table, column, row) for column in table.columns}
        unknown = set(row) - set(filled)
        assert not unknown, f"{table.name} has no column {unknown}"
        partitions[filled["model"], filled["revision"]].append(filled)
    for (model, revision), part in partitions.items():
        folder = _folder(root, table.name, model, revision)
        frame = pa.Table.from_pylist(part, schema=table.schema())
        pq.write_table(frame, folder / f"{table.name}.parquet")


def _folder(root: Path, table: str, model: str, revision: str) -> Path:
    folder = root.joinpath(keys.partition_key(table, ModelRef(model, revision))).parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fill(table: Table, column: Column, row: Row) -> Any:
    if column.name in row:
        return row[column.name]
    if column.nullable:
        return None
    usual = _USUAL | ({"status": "measured"} if table.name == "extractions" else {})
    of_type = {TEXT: "", FLAG: False, TIME: MEASURED_AT}
    return usual.get(column.name, of_type.get(column.type, 0))
