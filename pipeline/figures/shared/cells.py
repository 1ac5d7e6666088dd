"""How is a matrix with named rows and columns drawn? Coloured cells, few names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.colours import norm_of, write_colours
from pipeline.figures.shared.labels import short_number
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    FONT_SIZE,
    GREY,
    PALE,
    SEQUENTIAL,
    add_title,
    fit,
    house_style,
    legible,
    new_figure,
    sentence_figure,
    width_of,
)
from pipeline.figures.terminal.glyphs import SHADES, column, cut, shade

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

_ROW_HEIGHT = 0.14  # inches, between names that do not touch
_MOST_HEIGHT = 3.6
_LEAST_HEIGHT = 1.0
_NAME_WIDTH = 0.9
_SIZE = FONT_SIZE - 1


@dataclass(frozen=True)
class CellMap:
    """`values[i, j]` of row i and column j; NaN where there is none: hatched.

    `bounds` fixes the ends of the colours, for numbers that have natural ones.
    """

    titles: tuple[str, ...]
    label: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_label: str
    column_label: str
    values: np.ndarray
    bounds: tuple[float, float] | None = None


def draw_cell_map(cells: CellMap | None, nothing: str) -> Figure:
    """The matrix as a picture; the sentence `nothing` where no value is finite."""
    if cells is None or not np.isfinite(cells.values).any():
        return sentence_figure(nothing)
    with house_style():
        from matplotlib import colormaps

        n_rows = len(cells.rows)
        height = min(max(_ROW_HEIGHT * n_rows, _LEAST_HEIGHT), _MOST_HEIGHT)
        figure = new_figure(height + 0.45 + 0.13 * len(cells.titles))
        axes = figure.add_subplot()
        axes.patch.set(facecolor=PALE, hatch="//////", edgecolor=GREY)
        norm = _norm(cells)
        image = axes.pcolormesh(
            np.ma.masked_invalid(cells.values),
            cmap=colormaps[SEQUENTIAL],
            norm=norm,
            edgecolors="face",
            linewidth=0.1,
        )
        axes.invert_yaxis()
        _name_cells(axes, cells, height)
        bar = figure.colorbar(image, ax=axes, pad=0.03, aspect=height / 0.11)
        bar.outline.set_visible(False)
        bar.set_label(legible(cells.label))
        write_colours(bar.ax, norm)
        add_title(figure, *cells.titles)
    return figure


def sketch_cell_map(cells: CellMap | None, width: int, nothing: str) -> str:
    """A line per row, one shade per column; columns are thinned to the width."""
    if cells is None or not np.isfinite(cells.values).any():
        return f"{nothing}\n"
    finite = cells.values[np.isfinite(cells.values)]
    low, high = cells.bounds or (float(finite.min()), float(finite.max()))
    left = min(max(map(len, cells.rows)), 24)
    every = -(-len(cells.columns) // max(width - left - 1, 1))
    lines = [
        *cells.titles,
        f"{cells.row_label} down, {cells.column_label} across",
    ]
    for name, values in zip(cells.rows, cells.values[:, ::every], strict=True):
        shades = "".join(shade(value, low, high) for value in values)
        lines.append(f"{column(name, left)} {shades}")
    key = f"{SHADES[0]} {short_number(low)} … {SHADES[-1]} {short_number(high)}"
    lines.append(f"{cells.label}: {key}")
    return "\n".join(cut(line, width) for line in lines) + "\n"


def _norm(cells: CellMap) -> Normalize:
    from matplotlib.colors import Normalize

    if cells.bounds is not None:
        return Normalize(*cells.bounds)
    return norm_of(cells.values[np.isfinite(cells.values)])


def _name_cells(axes: Axes, cells: CellMap, height: float) -> None:
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    every = -(-len(cells.rows) // max(int(height / _ROW_HEIGHT), 1))
    shown = range(0, len(cells.rows), every)
    names = [fit(cells.rows[i], _NAME_WIDTH, _SIZE) for i in shown]
    axes.set_yticks([i + 0.5 for i in shown], names, fontsize=_SIZE)
    axes.set_ylabel(legible(cells.row_label))
    room = COLUMN_WIDTH - 0.9 - width_of(names, _SIZE)
    wide = width_of(cells.columns, _SIZE) + 0.06
    every = max(-(-len(cells.columns) // max(int(room / wide), 1)), 1)
    shown = range(0, len(cells.columns), every)
    names = [fit(cells.columns[j], _NAME_WIDTH, _SIZE) for j in shown]
    axes.set_xticks([j + 0.5 for j in shown], names, fontsize=_SIZE)
    axes.set_xlabel(legible(cells.column_label))
