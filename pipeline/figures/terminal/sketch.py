"""What does a figure look like in a terminal? Blocks, bars and sparklines.

Plain unicode without escape codes; no line is wider than `width` cells.
"""

from __future__ import annotations

from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.bins import Bins, as_bins, split_names, tallest_but_spikes
from pipeline.figures.shared.curves import Curve, Curves, LineBy, as_curves
from pipeline.figures.shared.grid import Grid, as_grid
from pipeline.figures.shared.labels import label_of, short_number
from pipeline.figures.terminal.glyphs import (
    SHADES,
    bar,
    column,
    cut,
    dots,
    shade,
    spark,
)

if TYPE_CHECKING:
    import polars as pl

DEFAULT_WIDTH = 80
_NUMBER = 8  # cells of a short number and the space before it
_EDGE = 10  # cells of a bin's edge
_BETWEEN = " … "
_LABEL = 2 * _EDGE + len(_BETWEEN)
_AXIS = " ┤"
_LEAST_ROOM = 4  # cells of a bar or line, even if the width is too small
_LEAST_CELL = 3  # of the heatmap: two of shade and a space
_MOST_SHADE = 4  # cells of a shade; a longer one adds nothing
_MOST_BARS = 24
_DECADES = 6  # below the tallest bar: the base of logarithmic bars
_SHARE_DIGITS = 3
_CHART_HEIGHT = 10


def sketch_heatmap(
    frame: pl.DataFrame,
    width: int = DEFAULT_WIDTH,
    *,
    marks: bool = False,  # noqa: ARG001  # a shade has no room for a ring
) -> str:
    """Layers down, components across: a shade, and the number where there is room."""
    grid = as_grid(frame)
    if grid is None or not grid.finite.size:
        return "Nothing to draw: no finite value.\n"
    left = max(len("layer"), *(len(str(layer)) for layer in grid.layers)) + 1
    at_once = max(1, (width - left) // _LEAST_CELL)
    lines = [cut(f"{label_of(grid.metric)}, {grid.title}", width)]
    for first in range(0, len(grid.components), at_once):
        lines += _block(grid, slice(first, first + at_once), left, width)
    low, high = _range(grid)
    key = f"{SHADES[0]} {short_number(low)} … {SHADES[-1]} {short_number(high)}"
    lines.append(cut(f"{key}   · no value   × infinite", width))
    if grid.outside:
        lines.append(cut(f"in no layer: {', '.join(grid.outside)}", width))
    return _text(lines)


def sketch_histogram(
    frame: pl.DataFrame,
    width: int = DEFAULT_WIDTH,
    *,
    log_y: bool = False,
    laws: bool = False,  # noqa: ARG001  # a curve has no place between bars
) -> str:
    """A bar per bin, at most 24 per tensor; `log_y` draws logarithms of the counts.

    Beside each bar stands its share of the entries.
    """
    tensors = as_bins(frame)
    if not tensors:
        return "Nothing to draw: no finite value.\n"
    common, own = split_names(tensors)
    lines = [cut(" ".join(common), width)] if common else []
    for name, bins in zip(own, tensors, strict=True):
        lines += [cut(name, width)] if name else []
        lines += _bars(_coarse(bins), width, log_y=log_y)
    return _text(lines)


def sketch_series(
    frame: pl.DataFrame, width: int = DEFAULT_WIDTH, *, by: LineBy = "tensor"
) -> str:
    """One line as a chart; several as sparklines, each on its own scale."""
    curves = as_curves(frame, by)
    if curves is None or not curves.finite.size:
        return "Nothing to draw: no finite value at any step.\n"
    steps = curves.steps
    head = f"{label_of(curves.metric)} of {curves.title}"
    span = f"{len(steps)} steps, {steps[0]:,} … {steps[-1]:,}"
    lines = [cut(head, width), cut(span, width)]
    if len(curves.lines) == 1:
        return _text(lines + _chart(curves.lines[0], width))
    return _text(lines + _sparks(curves, width))


def _block(grid: Grid, part: slice, left: int, width: int) -> list[str]:
    """Some components of the heatmap side by side; names too long are numbered."""
    names = grid.components[part]
    room = min((width - left) // len(names), max(*map(len, names), _NUMBER + 1) + 1)
    numbered = [
        str(place) for place in range(part.start + 1, part.start + 1 + len(names))
    ]
    fits = max(map(len, names)) < room
    heads = names if fits else numbered
    low, high = _range(grid)
    lines = [f"{'layer':<{left}}" + "".join(column(head, room) for head in heads)]
    for layer, row in zip(grid.layers, grid.values[:, part], strict=True):
        label = "none" if layer is None else str(layer)
        cells = (_cell(value, low, high, room) for value in row)
        lines.append(f"{label:>{left - 1}} " + "".join(cells))
    if not fits:
        key = "  ".join(map(" ".join, zip(numbered, names, strict=True)))
        lines += [cut(line, width) for line in wrap(key, width)]
    return [line.rstrip() for line in lines]


def _cell(value: float, low: float, high: float, room: int) -> str:
    mark = shade(value, low, high)
    if room <= _NUMBER:
        return column(mark * min(room - 1, _MOST_SHADE), room)
    number = short_number(value) if np.isfinite(value) else ""
    return column(f"{mark} {number}", room)


def _range(grid: Grid) -> tuple[float, float]:
    return float(grid.finite.min()), float(grid.finite.max())


def _coarse(bins: Bins) -> Bins:
    """The histogram with neighbouring bins joined until few enough remain."""
    every = -(-len(bins.density) // _MOST_BARS)
    if every <= 1:
        return bins
    share = bins.density * np.diff(bins.edges)
    starts = np.arange(0, len(share), every)
    edges = np.append(bins.edges[starts], bins.edges[-1])
    density = np.add.reduceat(share, starts) / np.diff(edges)
    return Bins(bins.model, bins.revision, bins.tensor, edges, density, bins.points)


def _bars(bins: Bins, width: int, *, log_y: bool) -> list[str]:
    room = max(width - len(f"{'':{_LABEL}} {'':{_NUMBER}} "), _LEAST_ROOM)
    most = float(bins.density.max(initial=0)) if log_y else tallest_but_spikes((bins,))
    lines = []
    for (low, high), density in zip(pairwise(bins.edges), bins.density, strict=True):
        share = density / most if most else 0.0
        if log_y and share:
            share = max(0.0, 1 + np.log10(share) / _DECADES)
        label = f"{short_number(low):>{_EDGE}}{_BETWEEN}{short_number(high):<{_EDGE}}"
        entries = short_number(density * (high - low), _SHARE_DIGITS)
        lines.append(f"{label} {entries:>{_NUMBER}} {bar(share, room)}".rstrip())
    for value, share in bins.points:
        entries = short_number(share, _SHARE_DIGITS)
        label = f"{'at ' + short_number(value):<{_LABEL}}"
        lines.append(f"{label} {entries:>{_NUMBER}} {bar(share, room)}")
    return [cut(line, width) for line in lines]


def _sparks(curves: Curves, width: int) -> list[str]:
    longest = max(len(line.name) for line in curves.lines)
    left = min(longest, width // 2)
    heads = f"{'first':>{_NUMBER}} {'last':>{_NUMBER}}"
    lines = [f"{'':<{left}} {heads}"]
    room = max(width - len(lines[0]) - 1, _LEAST_ROOM)
    for line in curves.lines:
        finite = line.values[line.is_finite]
        ends = [short_number(finite[end]) if finite.size else "" for end in (0, -1)]
        numbers = " ".join(f"{end:>{_NUMBER}}" for end in ends)
        lines.append(f"{column(line.name, left)} {numbers} {spark(line.values, room)}")
    return lines


def _chart(line: Curve, width: int) -> list[str]:
    """The line in dots, with its largest and smallest value at the left."""
    steps, values = line.steps[line.is_finite], line.values[line.is_finite]
    is_flat = values.min() == values.max()
    height = 1 if is_flat else _CHART_HEIGHT
    rows = dots(steps, values, max(width - _NUMBER - len(_AXIS), _LEAST_ROOM), height)
    labels = [""] * height
    labels[0], labels[-1] = short_number(values.max()), short_number(values.min())
    lines = [cut(line.name, width)]
    lines += [
        f"{label:>{_NUMBER}}{_AXIS}{row.rstrip(chr(0x2800))}"
        for label, row in zip(labels, rows, strict=True)
    ]
    missing = int((~line.is_finite).sum())
    return [*lines, f"no finite value (points: {missing})"] if missing else lines


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
