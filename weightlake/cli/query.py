"""Verbs that answer: `sql`, `query` and `tables`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
from weightlake.cli.options import (
    Columns,
    Format,
    Output,
    Parameters,
    Queries,
    Warehouse,
    split_parameters,
)


def sql(
    text: Annotated[
        str | None,
        typer.Argument(
            help="SQL over the tables and views; the last statement answers."
        ),
    ] = None,
    *,
    file: Annotated[
        str | None,
        typer.Option("-f", "--file", metavar="FILE", help="Read it from a file, or -."),
    ] = None,
    param: Parameters = None,
    locked: Annotated[
        bool,
        typer.Option(
            "--locked", help="Only select, and read nothing but the warehouse."
        ),
    ] = False,
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Answer any SQL over the warehouse, with DuckDB.

    $name in the text is bound to --param name=value. It may read and write what you
    may; canned queries, and any text with --locked, read the warehouse alone.

    For example:
      weightlake sql "select model, count(*) as n from tensors group by all"
      weightlake sql -f question.sql --format csv -o answer.csv
      weightlake sql 'from weights where model = $m' --param m=gpt2 --format json
    """
    from weightlake.output import emit

    answer = verbs.sql(
        warehouse, _sql_text(text, file), split_parameters(param), is_locked=locked
    )
    emit(answer, format_name=format_name, output=output, columns=columns)


def query(
    name: Annotated[str | None, typer.Argument(help="A canned query.")] = None,
    *,
    param: Parameters = None,
    describe: Annotated[
        bool,
        typer.Option("--describe", help="Show its parameters, columns and SQL."),
    ] = False,
    queries: Queries = None,
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Answer a canned question; alone, list the questions.

    For example:
      weightlake query
      weightlake query layers --describe
      weightlake query layers --param model=gpt2 --format markdown
      weightlake query zoo --columns model,revision,n_parameters
    """
    from weightlake.output import emit
    from weightlake.output.shows import shows_of

    folders = (queries,) if queries else ()
    if name is None:
        _refuse_parameters(param)
        listed = verbs.list_questions(folders)
        emit(listed, format_name=format_name, output=output, columns=columns)
    elif describe:
        _write_text(verbs.describe(name, folders), output)
    else:
        words = split_parameters(param)
        answer = verbs.query(warehouse, name, words, folders=folders, notify=say)
        emit(
            answer,
            format_name=format_name,
            output=output,
            columns=columns,
            shows=shows_of(name, folders),
        )


def tables(
    name: Annotated[str | None, typer.Argument(help="A table.")] = None,
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
) -> None:
    """The data dictionary: all tables, or the columns of one.

    For example:
      weightlake tables
      weightlake tables tensor_stats
      weightlake tables spectra --format markdown -o spectra.md
    """
    from weightlake.output import emit
    from weightlake.output.shows import TABLES

    emit(
        verbs.tables(name),
        format_name=format_name,
        output=output,
        columns=columns,
        shows=TABLES,
    )


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


def _write_text(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
