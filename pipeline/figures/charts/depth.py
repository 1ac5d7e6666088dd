"""How does a metric change with depth, and which layers differ from noise?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.grid import only, place_in_block
from pipeline.figures.shared.labels import (
    drawable,
    label_of,
    power_of_ten,
    short_number,
)
from pipeline.figures.shared.style import (
    FONT_SIZE,
    GREY,
    PALETTE,
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
    from matplotlib.lines import Line2D

_WIDE_RATIO = 30.0  # largest over smallest value that makes the axis logarithmic
_MANY_DECADES = 1e4  # ratio from which ticks are powers of ten only
_MOST_LINES = len(PALETTE)


@dataclass(frozen=True)
class DepthLine:
    """One component: median `values` by layer, NaN or ±Inf where none is finite.

    `is_judged` is true where every matrix differs from noise, `is_noise` where at least
    one does not; both are false without a null to compare with.
    """

    component: str
    layers: np.ndarray
    values: np.ndarray
    is_judged: np.ndarray
    is_noise: np.ndarray


def draw_depth(frame: pl.DataFrame) -> Figure:
    """A line per component; a filled point differs from noise, a hollow one does not.

    `frame` is the result of query `depth`: model, revision, layer, component, metric,
    value, verdict. Several matrices of a layer and component are one point, their
    median. Raises UsageError when it holds several checkpoints or metrics.
    """
    lines = as_depth_lines(frame)
    if not any(np.isfinite(line.values).any() for line in lines):
        return sentence_figure(
            "Nothing to draw: no matrix in a layer has such a value."
        )
    drawn = lines[:_MOST_LINES]
    with house_style():
        figure = new_figure(2.5 + 0.13 * (-(-len(drawn) // 3) + 1))
        axes = figure.add_subplot()
        handles = [
            _draw(axes, line, color)
            for line, color in zip(drawn, PALETTE, strict=False)
        ]
        _scale(axes, drawn)
        axes.set_xlabel("layer")
        axes.set_ylabel(label_of(only(frame, "metric")))
        title = f"{only(frame, 'model')}@{only(frame, 'revision')}"
        left_out = [line.component for line in lines[_MOST_LINES:]]
        more = [f"not drawn: {', '.join(left_out)}"] if left_out else []
        add_title(figure, title, *more)
        figure.legend(
            handles=[*handles, *_verdict_key(drawn)],
            loc="outside lower left",
            ncols=3,
            columnspacing=1.0,
            borderaxespad=0.2,
            fontsize=FONT_SIZE - 1,
        )
    return figure


def as_depth_lines(frame: pl.DataFrame) -> list[DepthLine]:
    """A result of query `depth` as lines, in the order of data flow through a block."""
    cells: dict[str, dict[int, list[tuple[float, str]]]] = {}
    for row in frame.iter_rows(named=True):
        line = cells.setdefault(str(row["component"]), {})
        point = drawable(row["value"]), str(row["verdict"])
        line.setdefault(int(row["layer"]), []).append(point)
    return [_line(name, cells[name]) for name in sorted(cells, key=place_in_block)]


def _line(name: str, points: dict[int, list[tuple[float, str]]]) -> DepthLine:
    layers = sorted(points)
    values = []
    for layer in layers:
        finite = [value for value, _ in points[layer] if np.isfinite(value)]
        values.append(float(np.median(finite)) if finite else np.nan)
    verdicts = [{verdict for _, verdict in points[layer]} for layer in layers]
    return DepthLine(
        name,
        np.array(layers),
        np.array(values),
        np.array([found == {"structured"} for found in verdicts]),
        np.array(["noise" in found for found in verdicts]),
    )


def _draw(axes: Axes, line: DepthLine, color: str) -> Line2D:
    name = fit(line.component, 0.7, FONT_SIZE - 1)
    (drawn,) = axes.plot(
        line.layers, line.values, color=color, linewidth=0.8, label=name
    )
    is_unknown = ~line.is_judged & ~line.is_noise
    looks = (
        (line.is_judged, "o", color),
        (line.is_noise, "o", "white"),
        (is_unknown, "x", color),
    )
    for where, marker, face in looks:
        axes.plot(
            line.layers[where],
            line.values[where],
            marker,
            color=color,
            markerfacecolor=face,
            markersize=3.2,
            markeredgewidth=0.7,
        )
    return drawn


def _verdict_key(lines: list[DepthLine]) -> list[Line2D]:
    """The key of the filled, hollow and crossed points that the picture contains."""
    from matplotlib.lines import Line2D

    keys = [
        ("more than noise", "o", GREY, any(line.is_judged.any() for line in lines)),
        ("as noise", "o", "white", any(line.is_noise.any() for line in lines)),
        (
            "no verdict",
            "x",
            GREY,
            any((~line.is_judged & ~line.is_noise).any() for line in lines),
        ),
    ]
    return [
        Line2D(
            [], [], linestyle="", marker=marker, color=GREY, markerfacecolor=face,
            markersize=3.2, markeredgewidth=0.7, label=label,
        )
        for label, marker, face, is_there in keys
        if is_there
    ]  # fmt: skip


def _scale(axes: Axes, lines: list[DepthLine]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    values = np.concatenate([line.values[np.isfinite(line.values)] for line in lines])
    ratio = values.max() / values.min() if values.min() > 0 else 1.0
    if ratio > _WIDE_RATIO:
        axes.set_yscale("log")
        subs = (1.0,) if ratio > _MANY_DECADES else (1.0, 2.0, 5.0)
        axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=7))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(6))
    write = power_of_ten if ratio > _MANY_DECADES else short_number
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
