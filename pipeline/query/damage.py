"""Which file is damaged? Asked when DuckDB stumbled and did not say over what."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def find_damaged(root: Path, tables: Iterable[str]) -> Path | None:
    """The first file of these tables that cannot be read to its end, if there is one.

    Reads everything: only for when something has failed already.
    """
    for table in tables:
        for path in sorted((root / table).glob("*/*/*.parquet")):
            try:
                pq.read_table(path, partitioning=None)
            except (pa.ArrowException, OSError):
                return path
    return None
