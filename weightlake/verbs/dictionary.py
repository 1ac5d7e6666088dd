"""What does each table, view and column mean? The declarations, as tables to print."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.query import Query, run_sql
from pipeline.query.views import list_views
from pipeline.stages.registry import all_tables
from pipeline.tables import Column, Table
from pipeline.warehouse import open_warehouse


def list_tables() -> pa.Table:
    """One row per table, then per view: what a row of it is, what identifies one."""
    rows = [
        (each.name, "table", each.grain, ", ".join(each.key)) for each in all_tables()
    ]
    rows += [(each.name, "view", each.grain, "") for each in list_views()]
    names, kinds, grains, keys = zip(*rows, strict=True)
    return pa.table(
        {"table": names, "kind": kinds, "grain": grains, "key": _texts(keys)}
    )


def columns_of(name: str) -> pa.Table:
    """One row per column of a table or view, in its order.

    Raises UsageError with the nearest name when there is neither.
    """
    for table in all_tables():
        if table.name == name:
            return _table_columns(table)
    views = list_views()
    for view in views:
        if view.name == name:
            return _view_columns(view)
    names = [*(table.name for table in all_tables()), *(view.name for view in views)]
    near = difflib.get_close_matches(name, names, n=1)
    raise UsageError(
        f"no table or view is called {name!r}",
        fix=f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}",
    )


def _table_columns(table: Table) -> pa.Table:
    columns = table.columns
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


def _view_columns(view: Query) -> pa.Table:
    """What DuckDB says of the view over empty tables, meanings from where they stand.

    A view's header explains what the view adds; other columns are those of its tables.
    """
    with TemporaryDirectory() as folder:
        root = open_warehouse(Path(folder)).root
        # The name is one of our own files'.
        found = run_sql(root, f'describe "{view.name}"').to_pylist()
    declared = {c.name: c for table in reversed(all_tables()) for c in table.columns}
    own = {column.name: column for column in view.columns}
    names = [row["column_name"] for row in found]
    known = [own.get(name) or declared.get(name) for name in names]
    formulas = [declared[name].formula if name in declared else "" for name in names]
    return pa.table(
        {
            "column": names,
            "type": [row["column_type"].lower() for row in found],
            "unit": _texts(each.unit if each else "" for each in known),
            "meaning": _texts(each.meaning if each else "" for each in known),
            "formula": _texts(formulas),
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
