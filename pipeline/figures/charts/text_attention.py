"""How do heads look over a text? A map each: queries down, keys across."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.charts.lens import shown
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    FONT_SIZE,
    SEQUENTIAL,
    add_title,
    fit,
    house_style,
    new_figure,
    sentence_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTHING = "Nothing to draw: weights of single pairs are there for short texts alone."
_ACROSS = 4
_MOST_MAPS = 16
_MOST_NAMED = 24  # tokens that still have room for their names


def draw_text_attention(
    maps: Sequence[tuple[str, np.ndarray]], tokens: Sequence[str], title: str
) -> Figure:
    """Maps (T, T) with their names, four in a row, at most 16; one alone is large.

    The colour is the square root of the weight: weak looks are seen too.
    """
    if not maps:
        return sentence_figure(NOTHING)
    kept = list(maps)[:_MOST_MAPS]
    across = min(_ACROSS, len(kept))
    down = -(-len(kept) // across)
    size = COLUMN_WIDTH / across
    is_named = len(kept) == 1 and len(tokens) <= _MOST_NAMED
    lines = [title]
    if len(maps) > len(kept):
        lines.append(f"{len(kept)} of {len(maps)} heads, the least uniform")
    with house_style():
        height = down * (size + 0.1) + 0.2 + 0.16 * len(lines) + 0.5 * is_named
        figure = new_figure(height)
        grid = figure.subplots(down, across, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, (name, weights) in zip(grid.flat, kept, strict=False):
            _draw_map(axes, name, weights, tokens if is_named else ())
        add_title(figure, *lines)
    return figure


def _draw_map(
    axes: Axes, name: str, weights: np.ndarray, tokens: Sequence[str]
) -> None:
    axes.set_axis_on()
    axes.imshow(np.sqrt(weights), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="equal")
    axes.set_title(name, pad=2, fontsize=FONT_SIZE - 1)
    axes.tick_params(length=0, pad=1)
    if not tokens:
        axes.set(xticks=[], yticks=[])
        return
    names = [fit(shown(token), 0.6, FONT_SIZE - 1) for token in tokens]
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="looked at", ylabel="looks")
