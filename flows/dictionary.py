"""What does each table and column mean? The declarations, as tables to print."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.tables import TABLES, Column


def list_tables() -> pa.Table:
    """One row per table: what a row of it is, and what identifies one."""
    return pa.table(
        {
            "table": [table.name for table in TABLES],
            "grain": [table.grain for table in TABLES],
            "key": [", ".join(table.key) for table in TABLES],
            "n_columns": [len(table.columns) for table in TABLES],
        }
    )


def columns_of(name: str) -> pa.Table:
    """One row per column of a table, in its order.

    Raises UsageError with the nearest name when there is no such table.
    """
    found = next((table for table in TABLES if table.name == name), None)
    if found is None:
        names = [table.name for table in TABLES]
        near = difflib.get_close_matches(name, names, n=1)
        raise UsageError(
            f"no table is called {name!r}",
            fix=f"Did you mean {near[0]}?" if near else f"Tables: {', '.join(names)}",
        )
    columns = found.columns
    return pa.table(
        {
            "column": [column.name for column in columns],
            "type": [str(column.type) for column in columns],
            "unit": _texts(column.unit for column in columns),
            "meaning": [column.meaning for column in columns],
            "formula": _texts(column.formula for column in columns),
            "bounds": _texts(_bounds_text(column) for column in columns),
        }
    )


def _texts(texts: Iterable[str]) -> pa.Array:
    return pa.array([text or None for text in texts], pa.string())


def _bounds_text(column: Column) -> str:
    low, high = column.bounds
    if low is None and high is None:
        return ""
    if high is None:
        return f"≥ {low:g}"
    return f"≤ {high:g}" if low is None else f"{low:g} to {high:g}"
