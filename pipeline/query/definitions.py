"""Which statements make the views and macros, and which of them does a text need?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from pipeline.errors import WarehouseError
from pipeline.query.components import (
    component_rows,
    components_table,
    residual_side_macro,
)
from pipeline.query.declared import (
    columns_table,
    declared_rows,
    keys_view,
    numbers_view,
    statuses_view,
)
from pipeline.query.foreign import tables_in
from pipeline.query.header import read_header
from pipeline.query.parquet import table_source
from pipeline.store import Store
from pipeline.tables import Table

_METRICS = (
    "create table metrics as select column_name as metric, * exclude "
    "(column_name, is_metric) from columns where is_metric order by position"
)
# These ask for the catalogue, in which everything must stand.
_ASKS_FOR_ALL = re.compile(
    r"\b(show|describe|summarize|pragma|export|information_schema|duckdb_\w+|pg_\w+|"
    r"sqlite_\w+)\b"
)
_PLACES = (
    re.compile(
        r"\b(?:from|join|table|into|describe|summarize|pivot|unpivot)\s+"
        r"(?:\"?main\"?\.)?\"?(\w+)"
    ),
    re.compile(r"[,(]\s*(?:\"?main\"?\.)?\"?(\w+)"),
    re.compile(r"(\w+)\"?\s*\("),
)


@dataclass(frozen=True)
class Definition:
    """One statement: the words by which a text asks for it, and what it reads from.

    `parameters` are to be bound when it is run.
    """

    words: frozenset[str]
    inputs: tuple[str, ...]
    statement: str
    parameters: Mapping[str, str] | None = None


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


def define(
    store: Store,
    *,
    text: str | None = None,
    models: frozenset[str] | None = None,
    union_by_name: bool = False,
    made: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, Definition]]:
    """The definitions by name, in order; only those that `text` needs, if it is given.

    Those that are `made` already are left out.
    """
    declared = tables_in(store)
    tables = {table.name: table for table in declared}
    known = _known(declared)
    for name in _in_order(known, _wanted(known, text)):
        if name in made:
            continue
        definition = known[name]
        if name in tables:
            # Only now: looking for a table's files takes a while.
            source = table_source(
                store, tables[name], models, union_by_name=union_by_name
            )
            definition = replace(
                definition, statement=f"create view {name} as {source}"
            )
        elif name == "residual_side":
            definition = replace(definition, statement=residual_side_macro())
        elif name == "components":
            definition = replace(definition, parameters={"rows": component_rows()})
        yield name, definition


def tables_read(store: Store, text: str) -> tuple[str, ...]:
    """The tables that a text reads, by name or through views; maybe some more."""
    declared = tables_in(store)
    tables = {table.name for table in declared}
    known = _known(declared)
    return tuple(n for n in _in_order(known, _wanted(known, text)) if n in tables)


def list_names(store: Store) -> tuple[str, ...]:
    """The tables and views that a text may read, in the order they are made."""
    known = _known(tables_in(store))
    made = _in_order(known, known)
    return tuple(n for n in made if "create macro" not in known[n].statement)


@cache
def _known(tables: tuple[Table, ...]) -> Mapping[str, Definition]:
    made = {t.name: Definition(frozenset({t.name}), (), "") for t in tables}
    return made | _declared(tables) | _from_files()


def _declared(declared: tuple[Table, ...]) -> dict[str, Definition]:
    tables = tuple(table.name for table in declared)
    return {
        "columns": Definition(
            frozenset({"columns"}),
            (),
            columns_table(),
            {"rows": declared_rows(declared)},
        ),
        "components": Definition(frozenset({"components"}), (), components_table()),
        "residual_side": Definition(frozenset({"residual_side"}), (), "create macro"),
        "metrics": Definition(frozenset({"metrics"}), ("columns",), _METRICS),
        "keys": Definition(
            frozenset({"keys"}), tables, f"create view keys as {keys_view(declared)}"
        ),
        "numbers": Definition(
            frozenset({"numbers"}),
            tables,
            f"create view numbers as {numbers_view(declared)}",
        ),
        "statuses": Definition(
            frozenset({"statuses"}),
            tables,
            f"create view statuses as {statuses_view(declared)}",
        ),
    }


@cache  # sql/ does not change under a running program
def _from_files() -> dict[str, Definition]:
    found = {}
    for path in sorted(locate_sql().glob("macros/*.sql")):
        header = read_header(path)
        words = frozenset(re.findall(r"create macro (\w+)", header.sql))
        found[header.name] = Definition(words, header.inputs, header.sql)
    for path in sorted(locate_sql().glob("views/*.sql")):
        header = read_header(path)
        statement = f"create view {header.name} as {header.sql}"
        found[header.name] = Definition(
            frozenset({header.name}), header.inputs, statement
        )
    return found


def _wanted(known: Mapping[str, Definition], text: str | None) -> Iterable[str]:
    """Names whose words stand where a relation or a macro may stand.

    A word too many costs time: `series` and `training` are columns too. One that is
    missed is an error of the catalogue, upon which everything is made.
    """
    if text is None or _ASKS_FOR_ALL.search(text.lower()):
        return known
    # A header speaks of tables too; what stands there makes nothing necessary.
    body = re.sub(r"^\s*--.*$", "", text.lower(), flags=re.MULTILINE)
    words = {word for places in _PLACES for word in places.findall(body)}
    return [name for name, each in known.items() if each.words & words]


def _in_order(known: Mapping[str, Definition], wanted: Iterable[str]) -> Iterable[str]:
    """The wanted names and all that they read from, inputs first."""
    graph: dict[str, tuple[str, ...]] = {}
    waiting = sorted(wanted)
    while waiting:
        name = waiting.pop()
        if name not in graph:
            graph[name] = known[name].inputs
            waiting.extend(known[name].inputs)
    return TopologicalSorter(graph).static_order()
