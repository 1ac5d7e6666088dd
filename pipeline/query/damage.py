"""Which file is damaged, or of an older schema? Asked when DuckDB failed."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.query.foreign import tables_in
from pipeline.store import Store


def find_damaged(store: Store, tables: Iterable[str]) -> str | None:
    """The first file of these tables that cannot be read to its end, if there is one.

    Reads everything: only for when something has failed already.
    """
    for table in tables:
        for entry in store.entries(table):
            if not entry.key.endswith(".parquet"):
                continue
            try:
                with store.open(entry.key) as file:
                    pq.read_table(file)
            except (pa.ArrowException, OSError):
                return store.address(entry.key)
    return None


def lacks_columns(store: Store, tables: Iterable[str]) -> bool:
    """Whether a file of these tables lacks a column that was declared since.

    Reads the footers of all their files; one that cannot be read is passed over.
    """
    declared = {table.name: set(table.schema().names) for table in tables_in(store)}
    return any(
        not declared[table] <= names
        for table in tables
        for entry in store.entries(table)
        if entry.key.endswith(".parquet")
        and (names := _names(store, entry.key)) is not None
    )


def _names(store: Store, key: str) -> set[str] | None:
    """The columns of a Parquet file; None where it has no footer."""
    try:
        with store.open(key) as file:
            return set(pq.read_schema(file).names)
    except (pa.ArrowException, OSError):
        return None
