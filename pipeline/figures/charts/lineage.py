"""Which checkpoint was made from which? The trees of a zoo, root on the left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.figures.shared.branches import Branches, as_branches
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    FONT_SIZE,
    GREY,
    PALETTE,
    fit,
    house_style,
    new_figure,
    sentence_figure,
    width_of,
    wrap,
)
from pipeline.figures.terminal.glyphs import cut

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_HEIGHT = 0.17  # inches
_INDENT = 0.16
_MOST_INDENTED = 8  # levels; deeper levels are not indented further
_NOTE_SIZE = FONT_SIZE - 1


def draw_lineage(frame: pl.DataFrame) -> Figure:
    """A line per checkpoint, or per steps in a row without a fork, under its parent.

    `frame` is the result of query `lineage`. Beside a name stand, in grey, the evidence
    for the direction and the distance from the parent; an edge of undecided direction
    is dashed.
    """
    found = as_branches(frame)
    if not found.lines and not found.alone:
        return sentence_figure("No row to draw: there is no checkpoint.")
    with house_style():
        below = _alone(found)
        n_rows = len(found.lines) + (1 if below else 0)
        height = _ROW_HEIGHT * (n_rows + 0.9 * len(below)) + 0.15
        figure = new_figure(height)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        # One unit is an inch, and y increases downwards.
        axes.set_xlim(0, COLUMN_WIDTH)
        axes.set_ylim(height, 0)
        for row in range(len(found.lines)):
            _draw_line(axes, found, row)
        for i, text in enumerate(below):
            y = _y(len(found.lines) + 0.5) + 0.9 * _ROW_HEIGHT * i
            axes.text(0.08, y, text, va="center", color="#666666", fontsize=_NOTE_SIZE)
    return figure


def _y(row: float) -> float:
    return 0.08 + _ROW_HEIGHT * (row + 0.5)


def _x(level: int) -> float:
    return 0.1 + _INDENT * min(level, _MOST_INDENTED)


def _draw_line(axes: Axes, found: Branches, row: int) -> None:
    line = found.lines[row]
    x, y = _x(line.level), _y(row)
    if line.parent is not None:
        corner = _x(found.lines[line.parent].level)
        top = _y(line.parent) + 0.045
        look = "-" if line.is_decided else "--"
        for across, down, style in (
            ([corner, corner], [top, y], "-"),
            ([corner, x], [y, y], look),
        ):
            axes.plot(
                across, down, linestyle=style, color=GREY, linewidth=0.8, zorder=1
            )
    axes.plot([x], [y], "o", color=PALETTE[0], markersize=3.2, zorder=2)
    left = x + 0.07
    room = COLUMN_WIDTH - left - 0.05
    note = fit(line.note, room / 2, _NOTE_SIZE) if line.note else ""
    beside = width_of([note], _NOTE_SIZE) + 0.08 if note else 0.0
    name = fit(line.name, room - beside)
    axes.text(left, y, name, va="center", fontsize=FONT_SIZE)
    if note:
        start = left + width_of([name]) + 0.06
        axes.text(start, y, note, va="center", color="#666666", fontsize=_NOTE_SIZE)


def _alone(found: Branches) -> list[str]:
    """The checkpoints without kin, on a few lines."""
    if not found.alone:
        return []
    text = f"without kin: {', '.join(found.alone)}"
    lines = wrap(text, COLUMN_WIDTH - 0.2, _NOTE_SIZE)
    more = len(lines) - 6
    return lines if more <= 0 else [*lines[:6], f"and {more} lines more"]


def sketch_lineage(frame: pl.DataFrame, width: int = 80) -> str:
    """The lineage as an indented tree of text."""
    found = as_branches(frame)
    lines = []
    for row, line in enumerate(found.lines):
        note = f"  {line.note}" if line.note else ""
        lines.append(cut(f"{_stem(found, row)}{line.name}{note}", width))
    if found.alone:
        lines.append(cut(f"without kin: {', '.join(found.alone)}", width))
    return "\n".join(lines or ["Nothing to draw: there is no checkpoint."]) + "\n"


def _stem(found: Branches, row: int) -> str:
    """The text before a name: a bar for every ancestor with a later child."""
    line = found.lines[row]
    if line.parent is None:
        return ""
    later = {other.parent for other in found.lines[row + 1 :]}
    stem = ("├" if line.parent in later else "└") + ("─ " if line.is_decided else "╌ ")
    place: int | None = line.parent
    while place is not None and (above := found.lines[place].parent) is not None:
        stem = ("│  " if above in later else "   ") + stem
        place = above
    return stem
