"""What a warehouse holds, as rows that two runs can be compared by."""

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.tables import EXTRACTIONS, TABLES

# When a row was written is no part of what it says.
_TIMES = {"extracted_at"}


def rows_of(warehouse, table):
    """All rows of a table as dicts, by its key."""
    paths = sorted((warehouse.root / table.name).rglob("*.parquet"))
    frames = [pq.read_table(path, partitioning=None) for path in paths]
    merged = pa.concat_tables([frame.cast(table.schema()) for frame in frames])
    keys = [(name, "ascending") for name in table.key]
    rows = merged.sort_by(keys).to_pylist()
    return [{k: v for k, v in row.items() if k not in _TIMES} for row in rows]


def everything(warehouse):
    """All rows but those of the log, which says when and how long."""
    return {
        table.name: rows_of(warehouse, table)
        for table in TABLES
        if table is not EXTRACTIONS
    }
