"""Where do the series of a metric break? Lines, their segments, and shared events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.figures.charts.series import draw_lines, mark_gaps, scale_axes
from pipeline.figures.shared.curves import Curves, as_curves
from pipeline.figures.shared.labels import label_of
from pipeline.figures.shared.style import (
    ALARM,
    DASHES,
    FONT_SIZE,
    GREY,
    PALE,
    PALETTE,
    add_title,
    house_style,
    new_figure,
    sentence_figure,
)
from pipeline.figures.terminal.sketch import DEFAULT_WIDTH, sketch_series

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_MOST_NAMED = len(PALETTE)
_BAND = (10, 90)  # percentiles
_NAME_WIDTH = 0.11  # of the axes: the width of a share's label


def draw_breaks(frame: pl.DataFrame) -> Figure:
    """Few series with the fit to each segment; many series as a band and a median.

    `frame` is the result of query `breaks`: model, step, tensor, view, layer,
    component, metric, value, segment, fitted, kind, agreement. A breakpoint is a ring
    in a picture of one series and a stroke on the lower edge in one of many. An event
    is a vertical line with the share of the series that break there.
    """
    curves = as_curves(frame)
    if curves is None or not curves.finite.size:
        return sentence_figure("Nothing to draw: no finite value at any step.")
    is_crowd = len(curves.lines) > _MOST_NAMED
    with house_style():
        n_named = 2 if is_crowd else len(curves.lines)
        figure = new_figure(2.3 + 0.12 * (n_named + 1))
        axes = figure.add_subplot()
        if is_crowd:
            handles = _draw_band(axes, curves) + _draw_rug(axes, frame)
        else:
            handles = draw_lines(axes, curves, "tensor")
            handles += _draw_fits(axes, frame) + _draw_rings(axes, frame)
        scale_axes(axes, curves)
        handles += mark_gaps(axes, curves)
        handles += _draw_events(axes, frame, len(curves.lines))
        axes.set_xlabel(label_of("step"))
        axes.set_ylabel(label_of(curves.metric))
        add_title(figure, curves.title)
        figure.legend(handles=handles, loc="outside lower left", borderaxespad=0.2)
    return figure


def sketch_breaks(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """The sketch of `series`, with events and breaks below it."""
    import polars as pl

    events = frame.drop_nulls("agreement").group_by("step")
    shares = events.agg(pl.col("agreement").max()).sort("step")
    lines = [
        f"event at step {step:,}: {share:.0%} of the series"
        for step, share in shares.iter_rows()
    ]
    n_breaks = frame["kind"].drop_nulls().len()
    lines.append(f"{n_breaks} breaks, {len(lines)} events")
    return sketch_series(frame, width) + "\n".join(lines) + "\n"


def _draw_band(axes: Axes, curves: Curves) -> list[Line2D]:
    """All series as thin lines, the band between percentiles, and the median."""
    from matplotlib.lines import Line2D

    steps = curves.steps
    values = np.full((len(curves.lines), steps.size), np.nan)
    for row, line in zip(values, curves.lines, strict=True):
        row[np.searchsorted(steps, line.steps)] = np.where(
            line.is_finite, line.values, np.nan
        )
    has_any = np.isfinite(values).any(axis=0)
    low, middle, high = np.nanpercentile(
        values[:, has_any], (_BAND[0], 50, _BAND[1]), 0
    )
    axes.fill_between(steps[has_any], low, high, color=PALE, linewidth=0)
    for row in values:
        axes.plot(steps, row, color=GREY, linewidth=0.3, alpha=0.6)
    (median,) = axes.plot(steps[has_any], middle, color="#000000")
    median.set_label(f"median of {len(curves.lines)}")
    label = f"{_BAND[0]} to {_BAND[1]} % of them"
    return [median, Line2D([], [], color=PALE, linewidth=5, label=label)]


def _draw_rug(axes: Axes, frame: pl.DataFrame) -> list[Line2D]:
    """A stroke on the lower edge at each step with breaks, taller for more breaks."""
    from matplotlib.lines import Line2D

    counts = frame.drop_nulls("kind").group_by("step").len().sort("step")
    if counts.is_empty():
        return []
    n_breaks = counts["len"].to_numpy()
    look: dict[str, Any] = {"color": PALETTE[0], "linewidth": 1.2}
    axes.vlines(
        counts["step"].to_numpy(),
        0,
        0.03 + 0.09 * n_breaks / n_breaks.max(),
        transform=axes.get_xaxis_transform(),
        **look,
    )
    label = f"breaks of single series ({n_breaks.sum()})"
    return [Line2D([], [], label=label, **look)]


def _draw_fits(axes: Axes, frame: pl.DataFrame) -> list[Line2D]:
    """The fitted line of each segment, drawn over the series."""
    from matplotlib.lines import Line2D

    for part in frame.partition_by("model", "tensor", "view", "segment"):
        rows = part.sort("step")
        axes.plot(rows["step"], rows["fitted"], color="#000000", linewidth=0.5)
    return [Line2D([], [], color="#000000", linewidth=0.5, label="line of a segment")]


def _draw_rings(axes: Axes, frame: pl.DataFrame) -> list[Line2D]:
    import polars as pl

    rows = frame.drop_nulls("kind").filter(pl.col("value").is_finite())
    if rows.is_empty():
        return []
    kinds = ", ".join(sorted(rows["kind"].unique()))
    rings = axes.plot(
        rows["step"],
        rows["value"],
        "o",
        markersize=4.5,
        markerfacecolor="none",
        markeredgecolor=ALARM,
        markeredgewidth=0.8,
        label=f"break ({kinds})",
    )
    return list(rings)


def _draw_events(axes: Axes, frame: pl.DataFrame, n_lines: int) -> list[Line2D]:
    """A vertical line at each event, with its share of the series above it."""
    import polars as pl

    events = frame.drop_nulls("agreement").group_by("step")
    shares = events.agg(pl.col("agreement").max()).sort("step")
    drawn, end = None, -np.inf
    for step, share in shares.iter_rows():
        drawn = axes.axvline(step, color=ALARM, linewidth=0.8, linestyle=DASHES)
        place = axes.transAxes.inverted().transform(axes.transData.transform((step, 0)))
        # A single series needs no share, and labels must not overlap.
        if n_lines > 1 and place[0] >= end:
            end = place[0] + _NAME_WIDTH
            axes.annotate(
                f"{share:.0%}",
                (step, 1),
                xytext=(0, 1.5),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                ha="center",
                color=ALARM,
                fontsize=FONT_SIZE - 1,
            )
    if drawn is None:
        return []
    drawn.set_label(
        "event" if n_lines == 1 else "event, and the series that break there"
    )
    return [drawn]
