"""Which tables does a warehouse hold beside ours? Those of stages from elsewhere."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.store import Store, keys
from pipeline.tables import TABLES, Table
from pipeline.tables.foreign import declared_table

_OURS = frozenset(table.name for table in TABLES)


def tables_in(store: Store) -> tuple[Table, ...]:
    """Our tables, then those that the warehouse's other folders declare, by name."""
    found = (_declared(store, name) for name in store.folders() if name not in _OURS)
    return TABLES + tuple(table for table in found if table is not None)


def _declared(store: Store, name: str) -> Table | None:
    try:
        with store.open(keys.seed_key(name)) as file:
            table = declared_table(pq.read_schema(file))
    except (OSError, pa.ArrowInvalid):
        return None  # a folder that is no table
    # One that was renamed by hand would be read under the wrong name.
    return table if table and table.name == name else None
