"""Verbs that answer: `sql`, `query` and `tables`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import UsageError
from pipeline.zoo.settings import WAREHOUSE
from weightlake.cli.options import (
    Format,
    Output,
    Parameters,
    Queries,
    Warehouse,
    split_parameters,
)
from weightlake.emptiness import say_no_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.query import Query


def sql(
    text: Annotated[
        str | None,
        typer.Argument(
            help="SQL over the tables and views; the last statement answers."
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("-f", "--file", metavar="FILE", help="Read it from a file, or -."),
    ] = None,
    param: Parameters = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Answer any SQL over the warehouse, with DuckDB.

    $name in the text is bound to --param name=value.

    For example:
      weightlake sql "select model, count(*) as n from tensors group by all"
      weightlake sql -f question.sql --format csv -o answer.csv
      weightlake sql 'from weights where model = $m' --param m=gpt2 --format json
    """
    from pipeline.query import run_sql
    from weightlake.output import emit

    answer = run_sql(warehouse, _sql_text(text, file), split_parameters(param))
    emit(answer, format_name=format_name, output=output)


def query(
    name: Annotated[str | None, typer.Argument(help="A canned query.")] = None,
    param: Parameters = None,
    describe: Annotated[
        bool,
        typer.Option("--describe", help="Show its parameters, columns and SQL."),
    ] = False,
    queries: Queries = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Answer a canned question; alone, list the questions.

    For example:
      weightlake query
      weightlake query layers --describe
      weightlake query layers --param model=gpt2 --format markdown
    """
    from pipeline.query import find_query, list_queries, run_query
    from weightlake.output import emit

    folders = (queries,) if queries else ()
    if name is None:
        _refuse_parameters(param)
        emit(_listing(list_queries(folders)), format_name=format_name, output=output)
    elif describe:
        _write_text(_description(find_query(name, folders)), output)
    else:
        answer = run_query(warehouse, name, split_parameters(param), folders=folders)
        if answer.num_rows == 0:
            say_no_rows(warehouse, find_query(name, folders).sql)
        emit(answer, format_name=format_name, output=output)


def tables(
    name: Annotated[str | None, typer.Argument(help="A table.")] = None,
    format_name: Format = None,
    output: Output = None,
) -> None:
    """The data dictionary: all tables, or the columns of one.

    For example:
      weightlake tables
      weightlake tables tensor_stats
      weightlake tables spectra --format markdown -o spectra.md
    """
    from weightlake.dictionary import columns_of, list_tables
    from weightlake.output import emit

    found = list_tables() if name is None else columns_of(name)
    emit(found, format_name=format_name, output=output)


def _sql_text(text: str | None, file: str | None) -> str:
    if (text is None) == (file is None):
        raise UsageError(
            "sql takes a text or a file, one of them",
            fix='Write weightlake sql "select …" or weightlake sql -f FILE',
        )
    if file is None:
        return text or ""
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


def _refuse_parameters(param: Sequence[str] | None) -> None:
    if param:
        raise UsageError(
            "--param is given but no query is named",
            fix="Write weightlake query NAME --param …",
        )


def _listing(queries: Sequence[Query]) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            "query": pa.array([each.name for each in queries], pa.string()),
            "question": pa.array([each.question for each in queries], pa.string()),
        }
    )


def _description(query: Query) -> str:
    """What it asks, takes and gives back, and the SQL that answers."""
    from weightlake.output.text_table import render

    blocks = [f"{query.name}: {query.question}", f"Rows: {query.grain}"]
    if query.parameters:
        blocks.append(f"Parameters:\n{render(_fields(query.parameters)).text.rstrip()}")
    blocks.append(f"Columns:\n{render(_fields(query.columns)).text.rstrip()}")
    blocks.append(f"SQL ({query.path}):\n{query.sql.strip()}")
    return "\n\n".join(blocks) + "\n"


def _fields(values: Sequence[Any]) -> pa.Table:
    """Dataclasses of texts as a table, a column per field that any of them fills."""
    import pyarrow as pa

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


def _write_text(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
