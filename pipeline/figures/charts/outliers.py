"""Which tensors stand apart from their peers, and by which of three measures?"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.labels import drawable, power_of_ten
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
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

_SIGNS = {
    "max_sigmas_z": ("largest weight", "o"),
    "kurtosis_z": ("kurtosis", "s"),
    "outlier_z": ("beyond 6 σ", "^"),
}
_ROW_HEIGHT = 0.16
_MOST_ROWS = 30
_ANOMALY = 5.0  # robust deviations at which the report calls a tensor unusual


def draw_outliers(frame: pl.DataFrame) -> Figure:
    """A row per tensor, the most unusual first: its robust z by three measures.

    `frame` is the result of query `outliers`: model, revision, tensor, component, and
    the three z. The axis is linear up to one deviation and logarithmic beyond; the line
    is at five. An infinite z is drawn on the right edge.
    """
    rows = frame.head(_MOST_ROWS)
    if rows.is_empty() or not np.isfinite(_values(rows)).any():
        return sentence_figure("Nothing to draw: no tensor has peers to differ from.")
    models = rows["model"].unique(maintain_order=True).to_list()
    with house_style():
        figure = new_figure(_ROW_HEIGHT * len(rows) + 0.95)
        axes = figure.add_subplot()
        _scale(axes, _values(rows))
        for (name, (label, marker)), color in zip(
            _SIGNS.items(), PALETTE, strict=False
        ):
            z = np.array([drawable(value) for value in rows[name]])
            seen = np.where(np.isinf(z), axes.get_xlim()[1], z)
            (marks,) = axes.plot(seen, np.arange(len(z)), marker, label=label)
            marks.set(markersize=3.2, color=color, clip_on=False)
        axes.axvline(_ANOMALY, color=GREY, linewidth=0.6, linestyle=(0, (4, 2)))
        _name_rows(axes, rows, is_one=len(models) == 1)
        axes.set_xlabel("robust z among peers")
        figure.legend(loc="outside lower left", ncols=3, borderaxespad=0.2)
        title = f"{models[0]}@{rows['revision'][0]}" if len(models) == 1 else "Outliers"
        add_title(figure, title)
    return figure


def _values(rows: pl.DataFrame) -> np.ndarray:
    return np.array([[drawable(value) for value in rows[name]] for name in _SIGNS])


def _scale(axes: Axes, values: np.ndarray) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    finite = values[np.isfinite(values)]
    low, high = min(float(finite.min()), 0.0), max(float(finite.max()), 2 * _ANOMALY)
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.6)
    axes.set_xlim(low * 1.3 - 0.3, high * 1.4)
    powers = [10.0**k for k in range(int(np.ceil(np.log10(high * 1.4))))]
    every = 1 + len(powers) // 6
    negative = [-power for power in powers if -power >= low * 1.3 - 0.3]
    axes.set_xticks([*reversed(negative[1::every]), 0.0, *powers[::every]])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))


def _name_rows(axes: Axes, rows: pl.DataFrame, *, is_one: bool) -> None:
    size = FONT_SIZE - 1
    shared = _shared_start(rows["tensor"].to_list())
    tensors = [f"…{name[shared:]}" if shared else name for name in rows["tensor"]]
    whole = COLUMN_WIDTH * 0.47
    if is_one:
        names = [fit(tensor, whole, size) for tensor in tensors]
    else:
        # Both are shortened separately, so that a long model name keeps the layer.
        shorts = [_since_layer(name) for name in rows["tensor"]]
        names = [
            f"{fit(model, whole * 0.36, size)} {fit(short, whole * 0.6, size)}"
            for model, short in zip(rows["model"], shorts, strict=True)
        ]
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.4)
    axes.set_axisbelow(True)


def _since_layer(name: str) -> str:
    """A tensor's name from its first number on; the part before is the model's."""
    parts = name.removesuffix(".weight").split(".")
    first = next((i for i, part in enumerate(parts) if part.isdigit()), 0)
    return ".".join(parts[first:])


def _shared_start(names: list[str]) -> int:
    """The length of the names' common prefix, up to a dot; it is left out."""
    if len(names) == 1:
        return 0
    steps = zip(*(name.split(".")[:-1] for name in names), strict=False)
    shared = takewhile(lambda step: len(set(step)) == 1, steps)
    return sum(len(step[0]) + 1 for step in shared)
