"""How does an answer become a table of the report? Its first rows, as texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.errors import UsageError
from pipeline.report.document import Heading, TableView
from pipeline.report.ledger import Answer, Declared
from pipeline.report.prose import Sentence
from pipeline.tables import TABLES
from pipeline.text.cells import column_texts, is_number

ROWS_SHOWN = 25


def view_table(answer: Answer, caption: Sentence, n_rows: int) -> TableView:
    """The first `n_rows`; a column that is null in all of them is left out."""
    shown = answer.rows.slice(0, n_rows)
    kept = [
        name
        for name in shown.column_names
        if shown[name].null_count < max(shown.num_rows, 1)
    ]
    columns = [column_texts(shown[name]) for name in kept]
    headings = (
        _heading(name, is_number(shown[name].type), answer.declared) for name in kept
    )
    return TableView(
        headings=tuple(headings),
        rows=tuple(zip(*columns, strict=True)),
        n_more=answer.rows.num_rows - shown.num_rows,
        caption=caption,
        evidence=answer.evidence,
    )


def select_columns(answer: Answer, names: Sequence[str], where: str) -> Answer:
    """The answer with only these columns; raises UsageError for an unknown column."""
    unknown = [name for name in names if name not in answer.rows.column_names]
    if unknown:
        raise UsageError(
            f"the answer has no column {', '.join(unknown)}",
            where=where,
            fix=f"It has: {', '.join(answer.rows.column_names)}",
        )
    return replace(answer, rows=answer.rows.select(list(names)))


def describe(name: str, declared: Declared) -> tuple[str, str]:
    """Unit and meaning, as declared by the query or else by one of our tables."""
    if name in declared:
        return declared[name]
    columns = (column for table in TABLES for column in table.columns)
    return next(
        ((each.unit, each.meaning) for each in columns if each.name == name), ("", "")
    )


def _heading(name: str, is_numeric: bool, declared: Declared) -> Heading:
    unit, meaning = describe(name, declared)
    words = name.replace("_", " ")
    is_said = unit.removesuffix("s") in words or words.endswith(" fraction")
    return Heading(words, "" if is_said else unit, meaning, is_numeric)
