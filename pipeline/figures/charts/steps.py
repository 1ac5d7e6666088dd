"""How does a metric change in each layer in training? A grid of layer by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.figures.shared.colours import norm_of, write_colours
from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import drawable, label_of, short_number
from pipeline.figures.shared.style import (
    ALARM,
    DIVERGING,
    FONT_SIZE,
    GREY,
    PALE,
    SEQUENTIAL,
    add_title,
    house_style,
    legible,
    new_figure,
    sentence_figure,
)
from pipeline.figures.terminal.glyphs import SHADES, column, cut, shade
from pipeline.figures.terminal.sketch import DEFAULT_WIDTH

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Scale = Literal["value", "change"]
_ROW_HEIGHT = 0.145
_MOST_HEIGHT = 3.6
_MOST_TICKS = 6


@dataclass(frozen=True)
class StepGrid:
    """`values[i, j]` is layer `layers[i]` at `steps[j]`; NaN where there is none."""

    title: str
    label: str
    layers: tuple[int, ...]
    steps: np.ndarray
    values: np.ndarray


def draw_steps(frame: pl.DataFrame, *, scale: Scale = "value") -> Figure:
    """One cell per layer and step: the median over the layer's tensors.

    `frame` is the result of query `series`. `change` shows each layer as a ratio to its
    first finite value. Steps are evenly spaced, whatever their distance.
    """
    grid = as_step_grid(frame, scale)
    if grid is None:
        return sentence_figure("Nothing to draw: no layer has a finite value by step.")
    is_signed = bool(np.nanmin(grid.values) < 0 < np.nanmax(grid.values))
    with house_style():
        from matplotlib import colormaps

        height = max(min(_ROW_HEIGHT * len(grid.layers), _MOST_HEIGHT), 1.1)
        figure = new_figure(height + 0.65)
        axes = figure.add_subplot()
        axes.patch.set(facecolor=PALE, hatch="//////", edgecolor=GREY)
        norm = norm_of(grid.values[np.isfinite(grid.values)])
        image = axes.pcolormesh(
            np.ma.masked_invalid(grid.values),
            cmap=colormaps[DIVERGING if is_signed else SEQUENTIAL],
            norm=norm,
            edgecolors="face",
            linewidth=0.2,
        )
        rows, columns = np.nonzero(np.isinf(grid.values))
        axes.plot(columns + 0.5, rows + 0.5, "x", color=ALARM, markersize=3)
        _name_axes(axes, grid)
        bar = figure.colorbar(image, ax=axes, pad=0.03, aspect=height / 0.11)
        bar.outline.set_visible(False)
        bar.set_label(legible(grid.label))
        write_colours(bar.ax, norm)
        add_title(figure, grid.title)
    return figure


def sketch_steps(
    frame: pl.DataFrame, width: int = DEFAULT_WIDTH, *, scale: Scale = "value"
) -> str:
    """Layers down, steps across, one shade per cell; steps are thinned to the width."""
    grid = as_step_grid(frame, scale)
    if grid is None:
        return "Nothing to draw: no finite value of a layer at any step.\n"
    every = -(-len(grid.steps) // max(width - 7, 1))
    finite = grid.values[np.isfinite(grid.values)]
    low, high = float(finite.min()), float(finite.max())
    lines = [
        cut(f"{grid.label}, {grid.title}", width),
        cut(f"{len(grid.steps)} steps, {grid.steps[0]:,} … {grid.steps[-1]:,}", width),
    ]
    for layer, row in zip(grid.layers, grid.values[:, ::every], strict=True):
        cells = "".join(shade(value, low, high) for value in row)
        lines.append(f"{column(str(layer), 6)} {cells}".rstrip())
    key = f"{SHADES[0]} {short_number(low)} … {SHADES[-1]} {short_number(high)}"
    return "\n".join([*lines, cut(key, width)]) + "\n"


def as_step_grid(frame: pl.DataFrame, scale: Scale) -> StepGrid | None:
    """Arrange a result of query `series`; None when no layer has a finite value.

    Raises UsageError when it holds several models or metrics.
    """
    import polars as pl

    rows = frame.drop_nulls(["layer", "step", "value"])
    if rows.is_empty():
        return None
    model, metric = only(rows, "model"), only(rows, "metric")
    medians = rows.group_by("layer", "step").agg(pl.col("value").median())
    layers = tuple(range(rows["layer"].min(), rows["layer"].max() + 1))  # type: ignore[operator,arg-type]
    steps = rows["step"].unique().sort().to_numpy()
    values = np.full((len(layers), steps.size), np.nan)
    for layer, step, value in medians.iter_rows():
        values[layer - layers[0], np.searchsorted(steps, step)] = drawable(value)
    label = label_of(metric)
    if scale == "change":
        values, label = _over_first(values), f"{label}, over its first"
    if not np.isfinite(values).any():
        return None
    components = rows["component"].drop_nulls().unique().sort().to_list()
    title = ", ".join([model, *components[:4], *(["…"] if len(components) > 4 else [])])
    return StepGrid(title, label, layers, steps, values)


def _over_first(values: np.ndarray) -> np.ndarray:
    """Each row divided by its first finite value other than zero."""
    ratios = np.full_like(values, np.nan)
    for row, out in zip(values, ratios, strict=True):
        usable = np.flatnonzero(np.isfinite(row) & (row != 0))
        if usable.size:
            out[:] = row / row[usable[0]]
    return ratios


def _name_axes(axes: Axes, grid: StepGrid) -> None:
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    n_layers = len(grid.layers)
    every = -(-n_layers // max(1, int(_MOST_HEIGHT / _ROW_HEIGHT)))
    shown = range(0, n_layers, every)
    axes.set_yticks([i + 0.5 for i in shown], [str(grid.layers[i]) for i in shown])
    axes.set_ylabel("layer")
    n = len(grid.steps)
    places = np.unique(np.linspace(0, n - 1, min(n, _MOST_TICKS)).round().astype(int))
    names = [short_number(float(grid.steps[i])) for i in places]
    axes.set_xticks(places + 0.5, names, fontsize=FONT_SIZE - 1)
    is_even = n < 3 or np.ptp(np.diff(grid.steps)) == 0
    hint = "" if is_even else ", not to scale"
    axes.set_xlabel(f"{label_of('step')}{hint}")
