"""How are linear axes marked? With few ticks and short labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.figures.shared.labels import short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def few_ticks(axes: Axes, *, x_whole: bool = False, y_whole: bool = False) -> None:
    """At most five ticks on either axis; `*_whole` for counts and indices."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for axis, is_whole in ((axes.xaxis, x_whole), (axes.yaxis, y_whole)):
        axis.set_major_locator(MaxNLocator(5, integer=is_whole))
        axis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
