"""What may a question not do? Reach anything outside its warehouse, or write at all.

A canned question may be a stranger's file. It runs on a connection that reads the
warehouse and the files that its own parameters name, that reaches no network, and whose
settings are fixed; and it may select, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipeline.errors import QueryError
from pipeline.places import bucket_url

_SELECT = duckdb.StatementType.SELECT


def lock(con: duckdb.DuckDBPyConnection, root: Path, files: Sequence[str]) -> None:
    """Close a connection off for good; `files` are read beside the warehouse."""
    folders = [_copies(), Path(root)] if bucket_url(root) else [Path(root)]
    places = {
        str(each)
        for folder in folders
        for each in (folder, folder.absolute(), folder.resolve())
    }
    con.execute(f"set allowed_directories = [{_texts(sorted(places))}]").fetchall()
    if files:
        named = sorted({str(p) for f in files for p in (f, Path(f).absolute())})
        con.execute(f"set allowed_paths = [{_texts(named)}]").fetchall()
    con.execute("set enable_external_access = false").fetchall()
    con.execute("set lock_configuration = true").fetchall()


def check_statements(statements: Sequence[duckdb.Statement], *, where: str) -> None:
    """Raises QueryError unless there is one statement, and that a select."""
    kinds = [statement.type for statement in statements]
    odd = next((kind for kind in kinds if kind != _SELECT), None)
    if odd is not None:
        raise QueryError(
            f"it holds a statement that is no select ({odd.name.lower()})",
            where=where,
            fix="A question only reads; weightlake sql runs anything",
        )
    if len(kinds) > 1:
        raise QueryError(
            f"it holds {len(kinds)} statements, and one answer can be shown",
            where=where,
            fix="Write one select, or two files",
        )


def _copies() -> Path:
    from pipeline.store.mirror import copies_folder  # brings obstore

    return copies_folder()


def _texts(words: Sequence[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)
