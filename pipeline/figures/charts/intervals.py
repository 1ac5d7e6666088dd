"""How large is each, and how sure? Dots with intervals, and where chance lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.figures.shared.style import (
    ALARM,
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
    from matplotlib.figure import Figure

_LINE = 0.15  # inches
_MOST_LINES = 40
_LABEL_WIDTH = 1.4  # inches


@dataclass(frozen=True)
class Interval:
    """One line: `chance` is what it is compared with; an end may be unknown."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    chance: float | None = None


def draw_intervals(
    intervals: Sequence[Interval], title: str, xlabel: str, *, chance: str = "chance"
) -> Figure:
    """Lines in their order, at most 40; a mark where chance, or a control, lies."""
    if not intervals:
        return sentence_figure("Nothing to draw: nothing was measured.")
    kept = list(intervals)[:_MOST_LINES]
    has_chance = any(one.chance is not None for one in kept)
    with house_style():
        figure = new_figure(_LINE * len(kept) + 0.8, COLUMN_WIDTH * 1.3)
        axes = figure.subplots()
        for y, one in enumerate(kept):
            if one.low is not None and one.high is not None:
                axes.plot([one.low, one.high], [y, y], color=PALETTE[0], linewidth=1)
            axes.plot([one.value], [y], "o", color=PALETTE[0], markersize=3)
            if one.chance is not None:
                axes.plot([one.chance], [y], "|", color=ALARM, markersize=6)
        axes.axvline(0, color=GREY, linewidth=0.4, zorder=0)
        axes.set_yticks(
            range(len(kept)), [fit(one.label, _LABEL_WIDTH, FONT_SIZE) for one in kept]
        )
        axes.set_ylim(len(kept) - 0.5, -0.5)
        axes.set_xlabel(f"{xlabel}   (| {chance})" if has_chance else xlabel)
        more = len(intervals) - len(kept)
        add_title(figure, title, *([f"and {more} more"] if more else []))
    return figure
