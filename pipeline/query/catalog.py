"""How can another DuckDB client open the warehouse? As a file that holds only views."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import duckdb

from pipeline.errors import WarehouseError
from pipeline.places import bucket_url, settled, shown
from pipeline.query.connect import check_warehouse, fill
from pipeline.query.damage import lacks_columns
from pipeline.query.foreign import tables_in
from pipeline.store import open_store


def write_catalog(root: Path, target: Path) -> None:
    """Write a DuckDB file with the table views, macros, views and dictionaries.

    The views name the warehouse by its absolute path; no measurement is copied, so the
    file can be thrown away and written anew. It appears whole or not at all.
    Raises WarehouseError when `root` is no warehouse, or `target` cannot be written or
    is a file of another kind.
    """
    if bucket_url(root):
        raise WarehouseError(
            "lies in a bucket, and a catalog names the files of a folder",
            where=shown(root),
            fix="Ask by weightlake sql, or by the connection of lake.connect()",
        )
    check_warehouse(root)
    if target.exists() and not _is_database(target):
        raise WarehouseError(
            "is there already, and is no DuckDB file",
            where=str(target),
            fix="Name another file, or remove this one first",
        )
    partial = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        with duckdb.connect(str(partial)) as con:
            fill(con, settled(root), union_by_name=has_older_files(root))
        partial.replace(target)
    except (OSError, duckdb.IOException) as error:
        raise WarehouseError(
            f"the catalog cannot be written: {error}",
            where=str(target),
            fix="Name a file in a folder that exists and can be written",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _is_database(path: Path) -> bool:
    """Whether a file begins as DuckDB's do: a checksum, then four letters."""
    if not path.is_file():
        return False
    with path.open("rb") as handle:
        return handle.read(12)[8:] == b"DUCK"


def has_older_files(root: Path) -> bool:
    """Whether a file lacks a column declared since.

    A client of its own cannot ask again: files are united by name now, or not at all.
    """
    store = open_store(root)
    return lacks_columns(store, [table.name for table in tables_in(store)])
