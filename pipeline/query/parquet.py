"""Which files does a table's view read? Patterns over the warehouse's folders."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from pipeline.tables import Table
from pipeline.tables.column import (
    COUNT,
    COUNTS,
    FLAG,
    REAL,
    REALS,
    SINGLES,
    TEXT,
    TEXTS,
    TIME,
)

_TYPES = {
    TEXT: "varchar",
    COUNT: "bigint",
    FLAG: "boolean",
    REAL: "double",
    TIME: "timestamptz",
    REALS: "double[]",
    SINGLES: "float[]",
    COUNTS: "bigint[]",
    TEXTS: "varchar[]",
}
_SEED = Path("model=__schema__", "revision=__schema__", "seed.parquet")


def table_source(
    root: Path, table: Table, models: frozenset[str] | None, *, union_by_name: bool
) -> str:
    """A select of the declared columns over the table's files, if there are any.

    The seed comes first: DuckDB takes the columns of the first file for all, so that
    binding opens one footer and not thousands. Where an older version wrote it, the
    columns declared since are null. Files lie two folders deep; a glob of that depth
    lists twice as fast as `**`.
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
    declared = _declared_source(table)
    if not patterns:
        return declared
    # Without a seed no file is known to have every column: they must be united.
    united = union_by_name or not (folder / _SEED).is_file()
    return (
        f"{declared} union all by name from read_parquet([{', '.join(patterns)}], "
        f"hive_partitioning = false, union_by_name = {str(united).lower()})"
    )


def _model_folders(folder: Path, models: frozenset[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    named = (path for path in folder.iterdir() if path.name.startswith("model="))
    return sorted(
        path for path in named if unquote(path.name.removeprefix("model=")) in models
    )


def _declared_source(table: Table) -> str:
    """No row, and every declared column with its type."""
    columns = (f'null::{_TYPES[each.type]} as "{each.name}"' for each in table.columns)
    return f"select {', '.join(columns)} where false"


def _quoted(folder: Path, rest: str = "") -> str:
    """A path as a SQL string in which only `rest` is a pattern."""
    escaped = "".join(f"[{char}]" if char in "[*?" else char for char in str(folder))
    return "'" + (escaped + rest).replace("'", "''") + "'"
