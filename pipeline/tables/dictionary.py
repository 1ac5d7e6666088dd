"""What does each column mean? The declarations as a table, and as a page to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from pipeline.tables import TABLES, Column, Table
from pipeline.tables.functions import FUNCTIONS, ROWS

_INTRODUCTION = """# Data dictionary

Generated from `pipeline/tables/`; do not edit. `weightlake tables` prints the same,
and in SQL it is the table `columns`. Where a value could not be had it is null, and a
status in the row says why.
"""

_FUNCTIONS = """# Functions

What SQL can call beside the macros. Those that take or return lists of rows say of which
table below; `unnest(…, recursive := true)` makes rows of such a list.
"""


def describe_columns(tables: Sequence[Table] = TABLES) -> list[dict[str, Any]]:
    """One row per declared column, in order of table and place; no text is null."""
    columns = [(table, column) for table in tables for column in table.columns]
    return [
        _describe(table, column, position)
        for position, (table, column) in enumerate(columns)
    ]


def write_markdown() -> str:
    """The page warehouse/DICTIONARY.md: a section per table, a line per column."""
    tables = [_section(table) for table in TABLES]
    rows = [_section(table) for table in ROWS]
    return "\n".join([_INTRODUCTION, *tables, _FUNCTIONS, _call_table(), *rows])


def type_word(data_type: pa.DataType) -> str:
    """The plain word for a type: text, integer, real, boolean, timestamp, or a list."""
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        return f"list of {type_word(data_type.value_type)}"
    for word, is_of in (
        ("row", pa.types.is_struct),
        ("text", pa.types.is_string),
        ("text", pa.types.is_large_string),
        ("text", pa.types.is_string_view),
        ("boolean", pa.types.is_boolean),
        ("integer", pa.types.is_integer),
        ("real", pa.types.is_floating),
        ("timestamp", pa.types.is_timestamp),
    ):
        if is_of(data_type):
            return word
    return str(data_type)


def _describe(table: Table, column: Column, position: int) -> dict[str, Any]:
    low, high = column.bounds
    return {
        "table_name": table.name,
        "column_name": column.name,
        "position": position,
        "type": type_word(column.type),
        "unit": column.unit,
        "meaning": column.meaning,
        "formula": column.formula,
        "minimum": low,
        "maximum": high,
        "worse": column.worse,
        "reference": column.reference,
        "words": list(column.words),
        "is_key": column.name in table.key,
        "is_nullable": column.nullable,
        "is_metric": column.is_metric,
    }


def _section(table: Table) -> str:
    lines = [
        f"## {table.name}",
        "",
        f"{table.grain[0].upper()}{table.grain[1:]}.",
        *_key(table),
        "",
        "| column | type | unit | meaning | formula | range | reference |",
        "|---|---|---|---|---|---|---|",
        *(_line(column) for column in table.columns),
        "",
    ]
    return "\n".join(lines)


def _key(table: Table) -> list[str]:
    names = ", ".join(f"`{name}`" for name in table.key)
    return [f"Key: {names}."] if names else []


def _call_table() -> str:
    """A line per function: what it takes, what it returns."""
    lines = ["| function | returns | meaning |", "|---|---|---|"]
    for function in FUNCTIONS:
        takes = ", ".join(column.name for column in function.takes)
        gives = function.gives
        returns = gives.name if isinstance(gives, Table) else type_word(gives)
        if isinstance(gives, Table):
            returns = f"{'list of ' if function.is_list else ''}`{returns}`"
        lines.append(f"| `{function.name}({takes})` | {returns} | {function.meaning} |")
    return "\n".join([*lines, ""])


def _line(column: Column) -> str:
    name = f"`{column.name}`"
    cells = [
        name,
        type_word(column.type) + ("" if column.nullable else ", never null"),
        column.unit,
        column.meaning + (f" ({column.worse} is worse)" if column.worse else ""),
        column.formula,
        _range(column),
        column.reference,
    ]
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return "|" + "|".join(f" {cell} " if cell else " " for cell in escaped) + "|"


def _range(column: Column) -> str:
    low, high = column.bounds
    if low is None and high is None:
        return ""
    return f"{'−∞' if low is None else f'{low:g}'} … {'∞' if high is None else f'{high:g}'}"
