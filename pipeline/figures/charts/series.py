"""How does a metric change in training? One line per tensor or layer, by step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.figures.shared.curves import (
    Curve,
    Curves,
    LineBy,
    as_curves,
    is_log_spaced,
)
from pipeline.figures.shared.labels import label_of, power_of_ten, short_number
from pipeline.figures.shared.style import (
    ALARM,
    COLUMN_WIDTH,
    GREY,
    PALETTE,
    add_title,
    colors_of,
    fit,
    house_style,
    new_figure,
    sentence_figure,
)

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_MOST_NAMED = len(PALETTE)
_MOST_MARKED = 40
_WIDE_RATIO = 1000.0  # largest over smallest value that makes the axis logarithmic


def draw_series(frame: pl.DataFrame, *, by: LineBy = "tensor") -> Figure:
    """A line per tensor, layer or component; with over seven, thin lines and a median.

    `frame` is the result of query `series`: model, revision, step, tensor, view, layer,
    component, metric, value; or of `training`: model, metric, step, value. Steps that
    grow by factors are drawn on a logarithmic axis. A value that is null, NaN or
    infinite is a cross on the upper edge, at its step.
    """
    curves = as_curves(frame, by)
    if curves is None:
        return sentence_figure(
            "Nothing to draw by step: the query found no row with a step."
        )
    if not curves.finite.size:
        return sentence_figure(
            f"Nothing to draw: {curves.metric} of {curves.title} is finite at no step."
        )
    with house_style():
        figure = new_figure(2.1 + 0.12 * (min(len(curves.lines), _MOST_NAMED) + 1))
        axes = figure.add_subplot()
        handles = draw_lines(axes, curves, by)
        scale_axes(axes, curves)
        handles += mark_gaps(axes, curves)
        axes.set_xlabel(label_of("step"))
        axes.set_ylabel(label_of(curves.metric))
        is_alone = len(curves.lines) == 1
        own = curves.lines[0].name if is_alone else ""
        add_title(
            figure, curves.title, *([own] if own not in {"", curves.metric} else [])
        )
        if is_alone:
            handles = handles[1:]
        if handles:
            figure.legend(handles=handles, loc="outside lower left", borderaxespad=0.2)
    return figure


def draw_lines(axes: Axes, curves: Curves, by: LineBy) -> list[Line2D]:
    """Draw the lines; return those that the legend names."""
    if len(curves.lines) <= _MOST_NAMED:
        return [
            _draw(axes, line, line.name, color=PALETTE[place])
            for place, line in enumerate(curves.lines)
        ]
    n_lines = len(curves.lines)
    shades = colors_of(n_lines) if by == "layer" else [GREY] * n_lines
    thin = [
        _draw(axes, line, line.name, color=shade, linewidth=0.4, alpha=0.7)
        for line, shade in zip(curves.lines, shades, strict=True)
    ]
    median = _draw(axes, curves.median(), f"median of {len(thin)}", color="#000000")
    return [thin[0], thin[-1], median] if by == "layer" else [median]


def _draw(axes: Axes, line: Curve, name: str, **look: Any) -> Line2D:
    """Draw one line with gaps; points are marked if few, or without neighbours."""
    is_thin = "linewidth" in look
    marker = "" if is_thin or len(line.steps) > _MOST_MARKED else "o"
    values = np.where(line.is_finite, line.values, np.nan)
    (drawn,) = axes.plot(
        line.steps,
        values,
        marker=marker,
        markersize=1.8,
        label=fit(name, COLUMN_WIDTH - 0.6, 6),
        **look,
    )
    return drawn


def mark_gaps(axes: Axes, curves: Curves) -> list[Line2D]:
    """Draw a cross on the upper edge at each step where a line has no finite value."""
    steps = np.concatenate([line.steps[~line.is_finite] for line in curves.lines])
    if not steps.size:
        return []
    crosses = axes.plot(
        np.unique(steps),
        np.ones(len(np.unique(steps))),
        "x",
        color=ALARM,
        markersize=4,
        clip_on=False,
        transform=axes.get_xaxis_transform(),
        label=f"no finite value (points: {len(steps)})",
    )
    return list(crosses)


def scale_axes(axes: Axes, curves: Curves) -> None:
    """Logarithmic axes where steps or values span many powers of ten, plain labels."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    steps, values = curves.steps, curves.finite
    write = FuncFormatter(lambda value, _: short_number(value))
    write_power = FuncFormatter(lambda value, _: power_of_ten(value))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6))
        axis.set_major_formatter(write)
    if is_log_spaced(steps):
        first = float(steps[steps > 0][0])
        axes.set_xscale("symlog", linthresh=first, linscale=0.5)
        axes.set_xticks(_powers_within(first, float(steps[-1]), steps[0] <= 0))
        axes.xaxis.set_major_formatter(write_power)
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if values.min() > 0 and values.max() > _WIDE_RATIO * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(write_power)
        axes.yaxis.set_minor_locator(NullLocator())


def _powers_within(first: float, last: float, has_zero: bool) -> list[float]:
    """Powers of ten from the first positive step to the last, every 2nd beyond six."""
    exponents = range(math.ceil(math.log10(first)), math.floor(math.log10(last)) + 1)
    every = 1 + len(exponents) // 7
    powers = [10.0**exponent for exponent in exponents][::every]
    return [0.0, *powers] if has_zero else powers
