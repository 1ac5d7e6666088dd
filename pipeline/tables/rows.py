"""How do rows become an Arrow table of the declared schema?"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from pipeline.row import Row
from pipeline.tables.column import Table

__all__ = ["Row", "frame"]


def frame(table: Table, rows: Iterable[Row]) -> pa.Table:
    """Rows as an Arrow table of the declared schema; a missing key is null.

    Raises ValueError for a mistake in the program: a key that the table does not
    declare, or no value where the table declares that there always is one.
    """
    rows = list(rows)
    schema = table.schema()
    declared = set(schema.names)
    for row in rows:
        if not row.keys() <= declared:
            unknown = ", ".join(sorted(row.keys() - declared))
            raise ValueError(f"{table.name} declares no column {unknown}: {_key(row)}")
    columns = [
        pa.array([row.get(field.name) for row in rows], field.type) for field in schema
    ]
    for field, column in zip(schema, columns, strict=True):
        if column.null_count and not field.nullable:
            row = rows[column.is_null().to_pylist().index(True)]
            raise ValueError(f"{table.name} needs a value in {field.name}: {_key(row)}")
    return pa.Table.from_arrays(columns, schema=schema)


def _key(row: Row) -> Row:
    """What a row says of whose it is."""
    names = ("model", "revision", "tensor", "view", "family")
    return {name: row[name] for name in names if name in row}
