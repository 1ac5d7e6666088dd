"""How do the shapes of models compare? A row per model, a cell per declared size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.figures.shared.labels import short_number
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    FONT_SIZE,
    add_title,
    fit,
    house_style,
    new_figure,
    sentence_figure,
)

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FACTS = {
    "n_layers": "layers",
    "hidden_size": "width",
    "n_heads": "heads",
    "n_kv_heads": "kv",
    "n_experts": "experts",
    "vocabulary_size": "vocab.",
    "n_parameters": "param.",
}
_ROW_HEIGHT = 0.165
_NAME_WIDTH = 0.9
_MOST_ROWS = 40
_BAR = "#B5D3E7"  # the palette's blue, pale enough for text on it


def draw_shapes(frame: pl.DataFrame) -> Figure:
    """A table of numbers, each over a bar of its share of the column's largest.

    `frame` is the result of query `shapes`: model, revision, and the sizes that the
    configs declare. A size without any value has no column; a missing value is a dash.
    """
    facts = [
        name
        for name in _FACTS
        if name in frame.columns and frame[name].drop_nulls().len()
    ]
    if frame.is_empty() or not facts:
        return sentence_figure("Nothing to draw: no checkpoint declares its shape.")
    n_more = len(frame) - _MOST_ROWS
    rows = frame.head(_MOST_ROWS)
    with house_style():
        figure = new_figure(_ROW_HEIGHT * (len(rows) + 1) + 0.35)
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(0, COLUMN_WIDTH)
        axes.set_ylim(len(rows) + 0.1, -1)
        _write_names(axes, rows["model"].to_list())
        cell = (COLUMN_WIDTH - _NAME_WIDTH) / len(facts)
        for place, name in enumerate(facts):
            _write_column(axes, _NAME_WIDTH + place * cell, cell, _FACTS[name])
            _write_cells(axes, _NAME_WIDTH + place * cell, cell, rows[name].to_list())
        note = f"; {n_more} not shown" if n_more > 0 else ""
        add_title(figure, f"Shapes of {len(frame)} models{note}")
    return figure


def _write_names(axes: Axes, models: list[str]) -> None:
    size = FONT_SIZE - 1
    for row, model in enumerate(models):
        name = fit(str(model), _NAME_WIDTH - 0.08, size)
        axes.text(0, row + 0.5, name, va="center", fontsize=size)


def _write_column(axes: Axes, left: float, cell: float, name: str) -> None:
    shown = fit(name, cell - 0.04, FONT_SIZE - 1)
    middle = left + cell / 2
    axes.text(middle, -0.4, shown, ha="center", va="center", fontsize=FONT_SIZE - 1)


def _write_cells(
    axes: Axes, left: float, cell: float, values: list[int | None]
) -> None:
    largest = max(value for value in values if value is not None)
    for row, value in enumerate(values):
        if value and largest > 0:
            width = (cell - 0.04) * value / largest
            axes.barh(row + 0.5, width, left=left + 0.02, height=0.8, color=_BAR)
        text = "–" if value is None else short_number(value, 3)
        axes.text(
            left + cell / 2, row + 0.5, text, ha="center", va="center", fontsize=6
        )
