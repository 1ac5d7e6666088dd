"""What does the warehouse answer? Canned questions, any SQL, and the dictionary."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.query import find_query, list_queries, run_query, run_sql
from weightlake.verbs import dictionary

# Receives a verb's remarks beside its answer, for stderr or a warning.
Notify = Callable[[str], None]


def query(
    root: Path,
    name: str,
    params: Mapping[str, object],
    *,
    folders: Sequence[Path] = (),
    notify: Notify,
) -> pa.Table:
    """Answer a canned question; `notify` receives the reason for an empty answer.

    Raises QueryError for an unknown name or parameter, with those that are allowed.
    """
    words = as_words(params)
    answer = run_query(root, name, words, folders=folders)
    if answer.num_rows == 0:
        from weightlake.verbs.emptiness import why_no_rows  # brings every family

        reason = why_no_rows(root, find_query(name, folders).sql)
        if reason:
            notify(reason)
    return answer


def sql(
    root: Path,
    text: str,
    params: Mapping[str, object],
    *,
    is_locked: bool = False,
) -> pa.Table:
    """Answer any SQL; each `$name` of the text is bound to a parameter.

    With `is_locked` it is one select that reads nothing but the warehouse.

    Raises QueryError with DuckDB's message, and for parameters too many or too few.
    """
    return run_sql(root, text, as_words(params), is_locked=is_locked)


def as_words(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters as questions take them: paths as text, numbers of numpy as Python's.

    None leaves a parameter at its default.
    """
    return {name: _word(value) for name, value in params.items() if value is not None}


def list_questions(folders: Sequence[Path] = ()) -> pa.Table:
    """One row per canned question: query, question."""
    queries = list_queries(folders)
    return pa.table(
        {
            "query": pa.array([each.name for each in queries], pa.string()),
            "question": pa.array([each.question for each in queries], pa.string()),
        }
    )


def describe(name: str, folders: Sequence[Path] = ()) -> str:
    """What a question asks, takes and gives back, and the SQL that answers."""
    from weightlake.output.text_table import render

    found = find_query(name, folders)
    blocks = [f"{found.name}: {found.question}", f"Rows: {found.grain}"]
    if found.parameters:
        blocks.append(f"Parameters:\n{render(_fields(found.parameters)).text.rstrip()}")
    blocks.append(f"Columns:\n{render(_fields(found.columns)).text.rstrip()}")
    blocks.append(f"SQL ({found.path}):\n{found.sql.strip()}")
    return "\n\n".join(blocks) + "\n"


def tables(name: str | None = None) -> pa.Table:
    """One row per table and view; of the one called `name`, one row per column.

    Raises UsageError with the nearest name for an unknown one.
    """
    return dictionary.list_tables() if name is None else dictionary.columns_of(name)


def _word(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    item = getattr(value, "item", None)  # of a numpy scalar
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def _fields(values: Sequence[Any]) -> pa.Table:
    """Dataclasses of texts as a table, a column per field that any of them fills."""
    rows = [dataclasses.asdict(value) for value in values]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return pa.table(
        {
            name: pa.array(
                [None if each in {None, ""} else str(each) for each in texts],
                pa.string(),
            )
            for name, texts in columns.items()
        }
    )
