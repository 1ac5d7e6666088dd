"""What follows from the declarations alone? The dictionary, all keys, all numbers.

A table that is declared later is in them at once, and the checks with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipeline.tables import Column, Table
from pipeline.tables.column import COUNT, REAL
from pipeline.tables.dictionary import describe_columns

Tables = Sequence[Table]

_FACTS = {
    "table_name": "varchar",
    "column_name": "varchar",
    "position": "bigint",
    "type": "varchar",
    "unit": "varchar",
    "meaning": "varchar",
    "formula": "varchar",
    "minimum": "double",
    "maximum": "double",
    "worse": "varchar",
    "reference": "varchar",
    "words": ["varchar"],
    "is_key": "boolean",
    "is_nullable": "boolean",
    "is_metric": "boolean",
}


def columns_table() -> str:
    """The statement that makes the table `columns` of `$rows`, the declarations."""
    shape = json.dumps([_FACTS])
    return (
        f"create table columns as select unnest(from_json($rows, '{shape}'), "
        "recursive := true)"
    )


def declared_rows(tables: Tables) -> str:
    """A row per declared column, as JSON: a text binds ten times sooner than a frame.

    Handing DuckDB or Arrow Python objects would also import pandas where it is
    installed, which takes longer than most questions.
    """
    return json.dumps(describe_columns(tables))


def keys_view(tables: Tables) -> str:
    """One row per row of any table: table_name, model, revision, tensor, rest, digest.

    `rest` is what else identifies the row: a view, a side, a run.
    """
    return " union all by name ".join(
        f"select '{table.name}' as table_name, model, revision, {_tensor(table)}, "
        f"{_rest(table)} as rest, {_digest(table)} from {table.name}"
        for table in tables
    )


def statuses_view(tables: Tables) -> str:
    """One row per row that has a status: table_name, model, revision, name, status.

    `name` is the tensor and what else identifies the row, `reason` what it says of its
    status; `has_reason` whether its table has room for one.
    """
    return " union all by name ".join(
        _status(table) for table in tables if _has(table, "status")
    )


def numbers_view(tables: Tables) -> str:
    """One row per number of any table that is declared a metric or has bounds.

    table_name, model, revision, tensor, rest as in the view of keys, then column_name
    and value. A null is no row.
    """
    return " union all by name ".join(
        _long(table) for table in tables if _numbers(table)
    )


def _long(table: Table) -> str:
    names = [column.name for column in _numbers(table)]
    numbers = ", ".join(f'"{name}"::double as "{name}"' for name in names)
    wide = (
        f"select model, revision, {_tensor(table)}, {_rest(table)} as rest, {numbers} "
        f"from {table.name}"
    )
    listed = ", ".join(f'"{name}"' for name in names)
    return (
        f"select '{table.name}' as table_name, model, revision, tensor, rest, "
        f"column_name, value from (unpivot ({wide}) on {listed} "
        "into name column_name value value)"
    )


def _numbers(table: Table) -> list[Column]:
    return [
        column
        for column in table.columns
        if column.type in {COUNT, REAL}
        and column.name not in table.key
        and (column.is_metric or column.bounds != (None, None))
    ]


def _tensor(table: Table) -> str:
    return "tensor" if "tensor" in table.key else "null::varchar as tensor"


def _digest(table: Table) -> str:
    return "digest" if _has(table, "digest") else "null::varchar as digest"


def _status(table: Table) -> str:
    tensor = "tensor" if "tensor" in table.key else "null"
    has_reason = _has(table, "reason")
    return (
        f"select '{table.name}' as table_name, model, revision, "
        f"concat_ws(' ', {tensor}, {_rest(table)}) as name, status, "
        f"{'reason' if has_reason else 'null::varchar as reason'}, "
        f"{str(has_reason).lower()} as has_reason from {table.name}"
    )


def _has(table: Table, name: str) -> bool:
    return any(column.name == name for column in table.columns)


def _rest(table: Table) -> str:
    """The key's other columns as one text; null where there is none."""
    own = [name for name in table.key if name not in ("model", "revision", "tensor")]
    if not own:
        return "null::varchar"
    return "concat_ws(' ', " + ", ".join(f'"{name}"' for name in own) + ")"
