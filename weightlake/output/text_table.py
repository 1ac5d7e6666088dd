"""How does a table look as text? Aligned columns, within a terminal's width or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import pyarrow as pa

from pipeline.text.cells import column_texts, is_number, printable
from weightlake.output.fitting import (
    GAP,
    MOST_PROSE,
    Column,
    Fitted,
    Shows,
    fit,
    head_lines,
    total,
)
from weightlake.output.names import (
    broken,
    cell_width,
    shortened,
    stay_distinct,
    wrapped,
)

MOST_TEXT = 300  # a longer text in a grid pushes every other column out of sight
RECORD_ROWS = 3  # so few rows are shown one value a line where they are too wide
_GAP = " " * GAP
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_NO_SHOWS = Shows()


@dataclass(frozen=True)
class Rendering:
    """The lines, the names of the columns that did not fit, and of those all null."""

    text: str
    left_out: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def render(
    table: pa.Table, *, width: int | None = None, shows: Shows = _NO_SHOWS
) -> Rendering:
    """The table as lines of text, each ended by a line end.

    Without `width` (a pipe, a file) only texts beyond `MOST_TEXT` are cut. What is too
    wide for a `width` becomes one value a line for a few rows; of many rows it keeps
    the columns of `shows`, says once what all rows share, cuts names and wraps
    sentences.
    """
    columns = [
        Column(
            printable(name),
            _points_aligned(column_texts(column), column.type),
            is_number=is_number(column.type),
            is_text=pa.types.is_string(column.type) or pa.types.is_list(column.type),
        )
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    widths = tuple(column.width for column in columns)
    if width is None:
        widths = tuple(min(each, MOST_TEXT) for each in widths)
        return Rendering(_grid(Fitted(tuple(columns), widths), is_styled=False))
    if total(widths) <= width:
        return Rendering(_grid(Fitted(tuple(columns), widths), is_styled=True))
    fitted = fit(columns, shows, width)
    if fitted.left_out and 1 <= table.num_rows <= RECORD_ROWS:
        return Rendering(_records(columns, table.num_rows))
    lines = wrapped(" · ".join(fitted.heading), width) if fitted.heading else []
    heading = "".join(f"{line}\n" for line in lines)
    grid = _grid(fitted, is_styled=True)
    return Rendering(heading + grid, fitted.left_out, fitted.empty)


def _points_aligned(texts: list[str], column_type: pa.DataType) -> list[str]:
    """Texts of floats, padded on the right so that their decimal points line up."""
    if not pa.types.is_floating(column_type) or any("e" in text for text in texts):
        return texts
    tails = [len(text) - text.find(".") if "." in text else 0 for text in texts]
    longest = max(tails, default=0)
    return [
        text + " " * (longest - tail) for text, tail in zip(texts, tails, strict=True)
    ]


def _grid(fitted: Fitted, *, is_styled: bool) -> str:
    columns, widths = fitted.columns, fitted.widths
    heads = [
        head_lines(column.name, width) if is_styled else [column.name]
        for column, width in zip(columns, widths, strict=True)
    ]
    # Heads of fewer lines stand right above the rule.
    tallest = max(map(len, heads))
    heads = [[""] * (tallest - len(head)) + head for head in heads]
    lines = [
        f"{_BOLD}{line}{_PLAIN}" if is_styled else line
        for line in _lines(heads, columns, widths)
    ]
    lines.append(_GAP.join("─" * width for width in widths))
    cells = [
        _cells(column, width, is_wrapped=is_styled)
        for column, width in zip(columns, widths, strict=True)
    ]
    for row in zip(*cells, strict=True):
        lines.extend(_lines(row, columns, widths))
    return "\n".join(lines) + "\n"


def _cells(column: Column, width: int, *, is_wrapped: bool) -> list[list[str]]:
    """Each text as its lines: prose wraps; names do where shorter ones would mix up."""
    if not is_wrapped or column.body_width <= width:
        return [[shortened(text, width)] for text in column.texts]
    if column.is_prose:
        return [wrapped(shortened(text, MOST_PROSE), width) for text in column.texts]
    if stay_distinct(column.texts, width):
        return [[shortened(text, width)] for text in column.texts]
    return [broken(text, width) for text in column.texts]


def _lines(
    cells: Sequence[Sequence[str]], columns: Sequence[Column], widths: Sequence[int]
) -> list[str]:
    """The lines of one row: as many as its tallest cell has."""
    lines = []
    for texts in zip_longest(*cells, fillvalue=""):
        padded = []
        for text, column, width in zip(texts, columns, widths, strict=True):
            space = " " * (width - cell_width(text))
            padded.append(space + text if column.is_number else text + space)
        lines.append(_GAP.join(padded).rstrip())
    return lines


def _records(columns: Sequence[Column], n_rows: int) -> str:
    label = max(cell_width(column.name) for column in columns)
    blocks = []
    for row in range(n_rows):
        lines = [
            f"{column.name}{' ' * (label - cell_width(column.name))}{_GAP}"
            f"{column.texts[row].strip()}"
            for column in columns
        ]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)
