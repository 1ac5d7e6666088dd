"""How does a metric vary over the network? Layer by component, in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.anomalies import stand_apart
from pipeline.figures.shared.colours import norm_of, write_colours
from pipeline.figures.shared.grid import Grid, as_grid
from pipeline.figures.shared.labels import label_of
from pipeline.figures.shared.style import (
    ALARM,
    COLUMN_WIDTH,
    DIVERGING,
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
    wrap,
)

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_HEIGHT = 0.145  # inches: a number of 6 points with space around it
_GRID_WIDTH = 2.2  # inches: about a column less its labels
_MOST_HEIGHT = 4.2  # inches of the grid; a taller one would leave no room for text


def draw_heatmap(frame: pl.DataFrame, *, marks: bool = True) -> Figure:
    """One cell per layer and component, coloured by the metric.

    `frame` is the result of query `heatmap`: model, revision, layer, component, metric,
    value; layer is null outside the blocks. Null cells are hatched and infinite cells
    crossed; `marks` rings cells that stand apart from the component's other layers.
    Raises UsageError when it holds several checkpoints or metrics.
    """
    grid = as_grid(frame)
    if grid is None:
        return sentence_figure("No row to draw: the query found no such tensor.")
    if not grid.finite.size:
        return sentence_figure(
            f"Nothing to draw: {grid.metric} has no finite value in {grid.title}."
        )
    with house_style():
        room = width_of([_colour_label(grid)]) + 0.1
        height = max(min(_ROW_HEIGHT * len(grid.layers), _MOST_HEIGHT), room)
        names = [fit(name, 0.85, FONT_SIZE - 1) for name in grid.components]
        longest = width_of(names, FONT_SIZE - 1)
        is_upright = longest > _GRID_WIDTH / len(names)
        odd = _odd_cells(grid) if marks else np.zeros(grid.values.shape, bool)
        note = _outside_note(grid)
        if odd.any():
            note.insert(0, "○ apart from the component's other layers")
        below = (longest if is_upright else 0.1) + 0.13 * len(note)
        figure = new_figure(height + below + 0.35)
        axes = figure.add_subplot()
        _paint(figure, axes, grid, height)
        _ring(axes, odd)
        _name_rows(axes, grid, height)
        places = np.arange(len(names)) + 0.5
        axes.set_xticks(places, names, rotation=90 if is_upright else 0)
        if note:
            size = FONT_SIZE - 1
            figure.supxlabel("\n".join(note), x=0.02, ha="left", fontsize=size)
        add_title(figure, grid.title)
    return figure


def _odd_cells(grid: Grid) -> np.ndarray:
    return np.column_stack([stand_apart(column) for column in grid.values.T])


def _ring(axes: Axes, odd: np.ndarray) -> None:
    """Draw a white ring within a black one, which is visible on any colour."""
    rows, columns = np.nonzero(odd)
    for size, color in ((1.6, "#000000"), (0.7, "#ffffff")):
        (rings,) = axes.plot(columns + 0.5, rows + 0.5, "o", markersize=4.5)
        rings.set(markerfacecolor="none", markeredgecolor=color, markeredgewidth=size)


def _outside_note(grid: Grid) -> list[str]:
    """The components outside the layers, on at most three lines."""
    if not grid.outside:
        return []
    text = f"in no layer: {', '.join(grid.outside)}"
    width, size = COLUMN_WIDTH - 0.15, FONT_SIZE - 1
    lines = wrap(text, width, size)
    return [*lines[:2], fit(" ".join(lines[2:]), width, size)] if lines[3:] else lines


def _paint(figure: Figure, axes: Axes, grid: Grid, height: float) -> None:
    from matplotlib import colormaps

    norm = norm_of(grid.finite)
    is_signed = grid.finite.min() < 0 < grid.finite.max()
    axes.patch.set(facecolor=PALE, hatch="//////", edgecolor=GREY)
    image = axes.pcolormesh(
        np.ma.masked_invalid(grid.values),
        cmap=colormaps[DIVERGING if is_signed else SEQUENTIAL],
        norm=norm,
        edgecolors="face",  # without it a PDF shows white seams between cells
        linewidth=0.2,
    )
    axes.invert_yaxis()
    rows, columns = np.nonzero(np.isinf(grid.values))
    axes.plot(columns + 0.5, rows + 0.5, "x", color=ALARM, markersize=3)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, pad=0.03, aspect=height / 0.11)
    bar.outline.set_visible(False)
    bar.set_label(_colour_label(grid))
    write_colours(bar.ax, norm)


def _colour_label(grid: Grid) -> str:
    label = label_of(grid.metric)
    return legible(f"median {label}" if grid.n_tensors > 1 else label)


def _name_rows(axes: Axes, grid: Grid, height: float) -> None:
    """Label every layer where there is room, else every 2nd, 4th, 8th, 10th…"""
    n_layers = len(grid.layers)
    room = max(1, int(height / _ROW_HEIGHT))
    every = next(
        n
        for n in (1, 2, 4, 8, 10, 20, 50, 100, 200, 500, n_layers)
        if n_layers <= n * room
    )
    rows = [row for row in range(n_layers) if (grid.layers[row] or 0) % every == 0]
    names = [
        "none" if grid.layers[row] is None else str(grid.layers[row]) for row in rows
    ]
    axes.set_yticks([row + 0.5 for row in rows], names)
    axes.set_ylabel("layer")
