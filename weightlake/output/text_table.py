"""How does a table look as text? Aligned columns, within a terminal's width or not."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from pipeline.text.cells import column_texts, is_number, printable

LEAST_TEXT = 30  # cut shorter, different names of tensors look the same
MOST_TEXT = 300  # a longer text in a grid pushes every other column out of sight
RECORD_ROWS = 3  # so few rows are shown one value a line where they are too wide
_GAP = "  "
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True)
class Rendering:
    """The lines, and the names of the columns that did not fit."""

    text: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Column:
    name: str
    texts: list[str]
    is_number: bool
    is_text: bool

    @property
    def width(self) -> int:
        return max(map(cell_width, (self.name, *self.texts)))


def render(table: pa.Table, *, width: int | None = None) -> Rendering:
    """The table as lines of text, each ended by a line end.

    Without `width` (a pipe, a file) only texts beyond `MOST_TEXT` are cut. Within a
    `width` the longest texts are cut in their middle first; what is still too wide
    becomes one value a line for a few rows, and loses its last columns for many.
    """
    columns = [
        _Column(
            printable(name),
            _points_aligned(column_texts(column), column.type),
            is_number=is_number(column.type),
            is_text=pa.types.is_string(column.type),
        )
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    if width is None or _total([column.width for column in columns]) <= width:
        widths = [min(column.width, MOST_TEXT) for column in columns]
        return Rendering(_grid(columns, widths, is_styled=width is not None))
    widths = _narrowed(columns, width)
    if _total(widths) > width and 1 <= table.num_rows <= RECORD_ROWS:
        return Rendering(_records(columns, table.num_rows))
    kept = _fitting(widths, width)
    left_out = tuple(column.name for column in columns[kept:])
    # What the dropped columns leave free goes back to the texts.
    widths = _narrowed(columns[:kept], width)
    return Rendering(_grid(columns[:kept], widths, is_styled=True), left_out)


def cell_width(text: str) -> int:
    """Cells that a terminal uses: two for a wide character, none for an accent."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def shortened(text: str, width: int) -> str:
    """The text cut in its middle: names of tensors differ at both ends."""
    if cell_width(text) <= width:
        return text
    head = (width - 1) // 3
    tail = width - 1 - head
    short = f"{text[:head]}…{text[len(text) - tail :]}"
    while cell_width(short) > width:
        tail -= 1
        short = f"{text[:head]}…{text[len(text) - tail :]}"
    return short


def _points_aligned(texts: list[str], column_type: pa.DataType) -> list[str]:
    """Texts of floats, padded on the right so that their decimal points line up."""
    if not pa.types.is_floating(column_type) or any("e" in text for text in texts):
        return texts
    tails = [len(text) - text.find(".") if "." in text else 0 for text in texts]
    longest = max(tails, default=0)
    return [
        text + " " * (longest - tail) for text, tail in zip(texts, tails, strict=True)
    ]


def _total(widths: list[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrowed(columns: list[_Column], width: int) -> list[int]:
    """Widths after the widest text columns gave way, down to `LEAST_TEXT` each."""
    widths = [column.width for column in columns]
    least = [
        min(column.width, LEAST_TEXT) if column.is_text else column.width
        for column in columns
    ]
    while _total(widths) > width:
        spare = [now - low for now, low in zip(widths, least, strict=True)]
        if not any(spare):
            break
        widest = max((w, place) for place, w in enumerate(widths) if spare[place])[1]
        widths[widest] -= 1
    return widths


def _fitting(widths: list[int], width: int) -> int:
    kept = len(widths)
    while kept > 1 and _total(widths[:kept]) > width:
        kept -= 1
    return kept


def _grid(columns: list[_Column], widths: list[int], *, is_styled: bool) -> str:
    head = _line([column.name for column in columns], columns, widths)
    rule = _GAP.join("─" * width for width in widths)
    lines = [f"{_BOLD}{head}{_PLAIN}" if is_styled else head, rule]
    rows = zip(*(column.texts for column in columns), strict=True)
    lines.extend(_line(list(row), columns, widths) for row in rows)
    return "\n".join(lines) + "\n"


def _line(texts: list[str], columns: list[_Column], widths: list[int]) -> str:
    cells = []
    for text, column, width in zip(texts, columns, widths, strict=True):
        shown = shortened(text, width)
        space = " " * (width - cell_width(shown))
        cells.append(space + shown if column.is_number else shown + space)
    return _GAP.join(cells).rstrip()


def _records(columns: list[_Column], n_rows: int) -> str:
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
