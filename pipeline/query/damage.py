"""Which file is damaged? Asked when DuckDB stumbled and did not say over what."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

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
