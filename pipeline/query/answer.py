"""What does the warehouse answer to this SQL? Text in, an Arrow table out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import QueryError, UsageError, WarehouseError, WeightlakeError
from pipeline.query.damage import find_damaged, lacks_columns
from pipeline.query.definitions import list_names, tables_read
from pipeline.query.header import Parameter
from pipeline.query.kept import borrow
from pipeline.query.locked import check_statements
from pipeline.query.parameters import bind_parameters
from pipeline.query.steady import is_replaced, watch_files
from pipeline.store import Store, open_store

# Writers put files in place in moments: so many changed reads in a row mean many
# writers.
_ATTEMPTS = 7
PAUSE_SECONDS = 0.02
_OF_THE_TEXT = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


@dataclass(frozen=True)
class _Asked:
    """A text and its values, with what it may read; as `answer` takes them."""

    root: Path
    text: str
    values: Mapping[str, object]
    where: str
    models: Iterable[str] | None
    files: tuple[str, ...] | None


def run_sql(
    root: Path,
    text: str,
    params: Mapping[str, object] | None = None,
    *,
    is_locked: bool = False,
) -> pa.Table:
    """Run any SQL over the views of a warehouse; the last statement's rows come back.

    With `is_locked` it may only select, and reads nothing but the warehouse.
    Raises QueryError with DuckDB's message and what would have been allowed.
    """
    names = sorted(parameter_names(text, where="sql"))
    parameters = tuple(Parameter(name, "text", None, "") for name in names)
    values = bind_parameters(parameters, params or {}, query="sql")
    files = () if is_locked else None
    return answer(root, text, values, where="sql", files=files)


def list_empty_tables(root: Path, text: str) -> tuple[str, ...]:
    """The tables that a text reads, itself or through views, and that hold no row."""
    rows = "select 1 from {} limit 1"
    return tuple(
        table
        for table in tables_read(open_store(root), text)
        if answer(root, rows.format(table), {}, where=table).num_rows == 0
    )


def parameter_names(text: str, *, where: str) -> set[str]:
    """The `$name`s of every statement; raises QueryError when the text is no SQL."""
    with duckdb.connect(":memory:") as con:
        try:
            statements = con.extract_statements(text)
        except duckdb.Error as error:
            raise explain(error, where=where) from error
    return {name for statement in statements for name in statement.named_parameters}


def answer(
    root: Path,
    text: str,
    values: Mapping[str, object],
    *,
    where: str,
    models: Iterable[str] | None = None,
    files: tuple[str, ...] | None = None,
) -> pa.Table:
    """The rows of the last statement of `text`, read again if a file was replaced.

    Given `files` the text is one select on a locked connection, which reads the
    warehouse and these files alone. `models` names the models whose partitions are
    opened, None for all of them.
    Raises QueryError, or WarehouseError for a file that cannot be read.
    """
    asked = _Asked(root, text, values, where, models, files)
    options = {"union_by_name": False, "needed_only": True}
    store = open_store(root)
    tables = tables_read(store, text)
    for attempt in range(_ATTEMPTS):
        if attempt > 1:
            time.sleep(PAUSE_SECONDS * 2**attempt)
        watch = watch_files(store, tables)
        try:
            rows = _last_rows(asked, **options)
        except duckdb.Error as error:
            before, options = options, options | _remedy(error, store, tables)
            is_lost = attempt == 0 and isinstance(error, duckdb.IOException)
            if options == before and not is_lost and not is_replaced(watch):
                damaged = _damaged_file(error, store, tables)
                raise explain(
                    error, where=where, damaged=damaged, store=store
                ) from error
        except UsageError as refusal:
            # A function of ours, which the text calls, will not take what it is given.
            raise QueryError(refusal.what, where=where, fix=refusal.fix) from refusal
        else:
            if not is_replaced(watch):
                return rows
    raise WarehouseError(
        f"its files were replaced while they were read, {_ATTEMPTS} times over",
        where=str(root),
        fix="Ask again when the extraction or compaction that is running has ended",
    )


def _remedy(
    error: duckdb.Error, store: Store, tables: Iterable[str]
) -> dict[str, bool]:
    """How to ask again, where an error may be of our own making."""
    if isinstance(error, duckdb.CatalogException):
        # With every view made, the name is found, or the error lists the nearest ones.
        return {"needed_only": False}
    if isinstance(error, duckdb.InvalidInputException) and lacks_columns(store, tables):
        return {"union_by_name": True}
    return {}


def _damaged_file(
    error: duckdb.Error, store: Store, tables: Iterable[str]
) -> str | None:
    """The file that cannot be read, for an error that only reading can have raised."""
    return None if isinstance(error, _OF_THE_TEXT) else find_damaged(store, tables)


def explain(
    error: duckdb.Error,
    *,
    where: str,
    damaged: str | None = None,
    store: Store | None = None,
) -> WeightlakeError:
    """DuckDB's error in our words: what it said, and where to look further."""
    message = str(error).strip().removeprefix("Invalid Input Error: ")
    if damaged:
        said = message.partition("\n")[0]
        return WarehouseError(
            f"{damaged} is damaged ({said})",
            where=where,
            fix="A damaged file is written anew by extracting its checkpoint again "
            "with --replace",
        )
    fix = ""
    if isinstance(error, duckdb.CatalogException) and store is not None:
        fix = f"The tables and views are {', '.join(sorted(list_names(store)))}"
    elif isinstance(error, duckdb.PermissionException):
        fix = "A question reads its warehouse alone; weightlake sql reads anything"
    elif isinstance(error, duckdb.BinderException):
        fix = "weightlake tables lists the columns of every table"
    return QueryError(message, where=where, fix=fix)


def _last_rows(
    asked: _Asked, *, union_by_name: bool = False, needed_only: bool = True
) -> pa.Table:
    with borrow(
        asked.root,
        asked.text,
        models=asked.models,
        union_by_name=union_by_name,
        needed_only=needed_only,
        files=asked.files,
    ) as con:
        statements = con.extract_statements(asked.text)
        if not statements:
            raise QueryError("there is no statement to run", fix="Write a select")
        if asked.files is not None:
            check_statements(statements, where=asked.where)
        for statement in statements:
            wanted = {n: asked.values[n] for n in statement.named_parameters}
            relation = con.sql(statement, params=wanted)
            # Rows are read to the end at once: an unread result breaks the next call.
            rows = relation.to_arrow_table() if relation is not None else pa.table({})
        return rows.rename_columns(_distinct(rows.column_names))


def _distinct(names: Sequence[str]) -> list[str]:
    """`component, component` as `component, component_1`: frames want it so."""
    taken: list[str] = []
    for name in names:
        tries = (f"{name}_{i}" for i in count(1))
        used = {*names, *taken}
        taken.append(
            next(each for each in tries if each not in used) if name in taken else name
        )
    return taken
