"""How are a tensor's rows and columns scaled? A dot per channel, outliers marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import drawable
from pipeline.figures.shared.style import (
    ALARM,
    GREY,
    PALETTE,
    add_title,
    house_style,
    new_figure,
    sentence_figure,
)
from pipeline.figures.shared.ticks import few_ticks

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_NAMED = 3
_ROOM = 0.05  # of the axis: labels nearer than this would touch


def draw_channels(frame: pl.DataFrame) -> Figure:
    """Norm over index, a panel per side; the line is the median.

    `frame` is the result of query `channels`: model, revision, tensor, side,
    channel, norm, is_outlier. Channels that hold a weight of six σ or more are marked;
    those with the largest norms are named.
    """
    rows = frame.drop_nulls("norm")
    if rows.is_empty():
        return sentence_figure(
            "Nothing to draw: no norm of a channel is kept of this tensor."
        )
    sides = rows["side"].unique(maintain_order=True).to_list()
    with house_style():
        figure = new_figure(0.6 + 1.35 * len(sides))
        panels = figure.subplots(len(sides), squeeze=False)[:, 0]
        for axes, side in zip(panels, sides, strict=True):
            _panel(axes, rows.filter(rows["side"] == side), side)
        checkpoint = f"{only(rows, 'model')}@{only(rows, 'revision')}"
        handles, _ = panels[0].get_legend_handles_labels()
        figure.legend(
            handles=handles, loc="outside lower left", ncols=3, borderaxespad=0.2
        )
        add_title(figure, checkpoint, only(rows, "tensor"))
    return figure


def _panel(axes: Axes, rows: pl.DataFrame, side: str) -> None:
    index = rows["channel"].to_numpy()
    norms = np.array([drawable(value) for value in rows["norm"]])
    is_outlier = rows["is_outlier"].fill_null(value=False).to_numpy()
    (dots,) = axes.plot(index, norms, ".", color=PALETTE[0], label="norm")
    dots.set(markersize=1.6, rasterized=True)
    median = axes.axhline(float(np.median(norms)), color=GREY, label="median")
    median.set(linewidth=0.6, zorder=0)
    (rings,) = axes.plot(index[is_outlier], norms[is_outlier], "o", color=ALARM)
    rings.set(markersize=4, markerfacecolor="none", label="holds a weight ≥ 6 σ")
    axes.margins(x=0.03, y=0.12)
    few_ticks(axes, x_whole=True)
    axes.set_xlabel("row" if side == "rows" else "column")
    axes.set_ylabel("norm")
    _name(axes, index[is_outlier], norms[is_outlier])


def _name(axes: Axes, index: np.ndarray, norms: np.ndarray) -> None:
    """Label the outliers with the largest norms, where labels are far enough apart."""
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    named: list[tuple[float, float]] = []
    for place in np.argsort(-norms, kind="stable"):
        x = (index[place] - low) / (high - low)
        y = (norms[place] - bottom) / (top - bottom)
        # A label is about a fifth of the axis wide and a tenth high.
        if any(abs(x - a) < 4 * _ROOM and abs(y - b) < 3 * _ROOM for a, b in named):
            continue
        is_right = x > 1 - 4 * _ROOM
        axes.annotate(
            str(index[place]),
            (index[place], norms[place]),
            xytext=(-4 if is_right else 4, 0),
            textcoords="offset points",
            ha="right" if is_right else "left",
            va="center",
            fontsize=6,
        )
        named.append((float(x), float(y)))
        if len(named) == _MOST_NAMED:
            return
