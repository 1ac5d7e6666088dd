"""How does DuckDB see a warehouse? One view per table, then what sql/ adds to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import unquote

import duckdb

from pipeline.errors import WarehouseError
from pipeline.query.header import Header, read_header
from pipeline.tables import TABLES, Table
from pipeline.tables.dictionary import describe_columns

_SEED = Path("model=__schema__", "revision=__schema__", "seed.parquet")
_SETTINGS = (
    # Nothing is fetched behind the user's back, and times print alike everywhere.
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set enable_progress_bar = false",
    "set timezone = 'UTC'",
    # What does not fit in memory goes there, not into the working directory.
    f"set temp_directory = '{gettempdir()}/weightlake-duckdb'",
)


def locate_sql() -> Path:
    """The folder of macros, views, queries and checks: in a wheel, else in the repo."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "sql", package.parent / "sql"):
        if (folder / "views").is_dir():
            return folder
    raise WarehouseError(
        "the folder sql/ is missing",
        where=str(package),
        fix="Install weightlake again: its wheel carries the folder",
    )


def connect(
    root: Path,
    *,
    models: Iterable[str] | None = None,
    union_by_name: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Open a warehouse in memory: table views, `columns`, `metrics`, macros and views.

    `models` opens only the partitions of the models named: on a wide zoo that is the
    difference between one folder and two thousand. `union_by_name` reads every footer
    first, which only a warehouse with files of an older schema needs.
    Raises WarehouseError when `root` is no warehouse.
    """
    check_warehouse(root)
    con = duckdb.connect(":memory:")
    try:
        for setting in _SETTINGS:
            con.execute(setting).fetchall()
        define_tables(con, root, models=models, union_by_name=union_by_name)
        define(con)
    except BaseException:
        con.close()
        raise
    return con


def check_warehouse(root: Path) -> None:
    """Raise WarehouseError unless `root` is a folder that holds at least one table."""
    if not root.is_dir():
        raise WarehouseError(
            "there is no warehouse here",
            where=str(root),
            fix="Run weightlake extract first, or name the folder with --warehouse",
        )
    if not any((root / table.name).is_dir() for table in TABLES):
        raise WarehouseError(
            "the folder holds no table of a warehouse yet",
            where=str(root),
            fix="Run weightlake extract first, or name the folder with --warehouse",
        )


def define_tables(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    models: Iterable[str] | None = None,
    union_by_name: bool = False,
) -> None:
    """Add one view per declared table over the Parquet files that lie there now."""
    chosen = None if models is None else frozenset(models)
    for table in TABLES:
        source = _table_source(root, table, chosen, union_by_name=union_by_name)
        con.execute(f"create view {table.name} as {source}").fetchall()


def define(con: duckdb.DuckDBPyConnection) -> None:
    """Add `columns`, `metrics` and everything of sql/macros and sql/views."""
    facts = describe_columns()
    con.register("declared_columns", facts)
    con.execute("create table columns as from declared_columns").fetchall()
    con.unregister("declared_columns")
    con.execute(
        "create table metrics as select column_name as metric, * exclude "
        "(column_name, is_metric) from columns where is_metric order by position"
    ).fetchall()
    for statement in _definitions(locate_sql()):
        con.execute(statement).fetchall()


def _definitions(folder: Path) -> Iterator[str]:
    """The statements of macros/ and views/, each after those it reads from."""
    paths = {
        path.stem: path
        for part in ("macros", "views")
        for path in sorted((folder / part).glob("*.sql"))
    }
    headers = {name: read_header(path) for name, path in paths.items()}
    for name in _in_order(headers):
        body = headers[name].sql
        is_view = paths[name].parent.name == "views"
        yield f"create view {name} as {body}" if is_view else body


def _in_order(headers: Mapping[str, Header]) -> Iterable[str]:
    inputs = {
        name: [word for word in header.inputs if word in headers]
        for name, header in sorted(headers.items())
    }
    return TopologicalSorter(inputs).static_order()


def _table_source(
    root: Path, table: Table, models: frozenset[str] | None, *, union_by_name: bool
) -> str:
    """`from read_parquet(…)` over the table's files, or an empty select without any.

    The seed comes first: DuckDB takes the columns of the first file as the view's, so
    that binding opens one footer and not thousands. Files lie two folders deep; a glob
    of that depth lists twice as fast as `**`.
    """
    folder = root / table.name
    patterns = [_quoted(folder / _SEED)] if (folder / _SEED).is_file() else []
    if models is None:
        if patterns or any(folder.glob("*/*/*.parquet")):
            patterns.append(_quoted(folder, "/*/*/*.parquet"))
    else:
        patterns += [
            _quoted(model, "/*/*.parquet")
            for model in _model_folders(folder, models)
            if any(model.glob("*/*.parquet"))
        ]
    if not patterns:
        return _empty_source(table)
    # Without a seed no file is known to have every column: they must be united.
    united = union_by_name or not (folder / _SEED).is_file()
    return (
        f"from read_parquet([{', '.join(patterns)}], "
        f"hive_partitioning = false, union_by_name = {str(united).lower()})"
    )


def _model_folders(folder: Path, models: frozenset[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    named = (path for path in folder.iterdir() if path.name.startswith("model="))
    return sorted(
        path for path in named if unquote(path.name.removeprefix("model=")) in models
    )


def _empty_source(table: Table) -> str:
    con = duckdb.connect(":memory:")
    con.register("declared", table.schema().empty_table())
    described = con.sql("describe declared").fetchall()
    con.close()
    columns = (f'null::{row[1]} as "{row[0]}"' for row in described)
    return f"select {', '.join(columns)} where false"


def _quoted(folder: Path, rest: str = "") -> str:
    """A path as a SQL string in which only `rest` is a pattern."""
    escaped = "".join(f"[{char}]" if char in "[*?" else char for char in str(folder))
    return "'" + (escaped + rest).replace("'", "''") + "'"
