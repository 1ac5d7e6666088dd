"""How does DuckDB see a warehouse? One view per table, then what sql/ adds to them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import gettempdir

import duckdb

from pipeline.errors import WarehouseError
from pipeline.query.definitions import define
from pipeline.query.functions import add_functions
from pipeline.store import Store, keys, open_store
from pipeline.tables import TABLES, Table

# For callers that hand a connection on: they need not import duckdb for its name.
Connection = duckdb.DuckDBPyConnection

_SETTINGS = (
    # Nothing is fetched behind the user's back, and times print alike everywhere.
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set timezone = 'UTC'",
    # What does not fit in memory goes there, not into the working directory.
    f"set temp_directory = '{gettempdir()}/weightlake-duckdb'",
)


def connect(
    root: Path,
    *,
    text: str | None = None,
    models: Iterable[str] | None = None,
    union_by_name: bool = False,
) -> Connection:
    """Open a warehouse in memory, with every view, macro and function of ours.

    `text` makes only what that SQL needs. `models` opens only the partitions of the
    models named: on a wide zoo that is the difference between one folder and two
    thousand. `union_by_name` reads every footer first, which only a warehouse with
    files of an older schema needs.
    Raises WarehouseError when `root` is no warehouse.
    """
    con = open_empty(root)
    try:
        fill(con, root, text=text, models=models, union_by_name=union_by_name)
        add_functions(con, text)
    except BaseException:
        con.close()
        raise
    return con


def open_empty(root: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory with our settings and no view yet.

    Raises WarehouseError when `root` is no warehouse.
    """
    check_warehouse(root)
    con = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        con.execute(setting).fetchall()
    # Without widgets a notebook raises on this very setting: look first.
    shown = con.execute("select current_setting('enable_progress_bar')").fetchall()
    if shown == [(True,)]:
        con.execute("set enable_progress_bar = false").fetchall()
    return con


def check_warehouse(root: Path) -> None:
    """Raise WarehouseError unless `root` is a folder that holds at least one table."""
    fix = "Run weightlake extract first, or name the folder with --warehouse"
    store = open_store(root)
    if not store.exists():
        raise WarehouseError("there is no warehouse here", where=store.url, fix=fix)
    if not any(_holds(store, table) for table in TABLES):
        raise WarehouseError(
            "the folder holds no table of a warehouse yet", where=store.url, fix=fix
        )


def _holds(store: Store, table: Table) -> bool:
    has_seed = store.version(keys.seed_key(table.name)) is not None
    return has_seed or next(store.entries(table.name), None) is not None


def fill(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    text: str | None = None,
    models: Iterable[str] | None = None,
    union_by_name: bool = False,
    made: set[str] | None = None,
) -> None:
    """Make the views, macros and dictionaries that a database lacks.

    `made` holds the names of those that it has, and gets those that are made.
    """
    definitions = define(
        open_store(root),
        text=text,
        models=None if models is None else frozenset(models),
        union_by_name=union_by_name,
        made=frozenset(made or ()),
    )
    for name, definition in definitions:
        con.execute(definition.statement, definition.parameters).fetchall()
        if made is not None:
            made.add(name)
