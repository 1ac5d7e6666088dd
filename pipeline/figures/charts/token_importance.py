"""What does an answer owe to each token? The text itself, shaded, once per method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.figures.charts.lens import shown
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    DIVERGING,
    FONT_SIZE,
    add_title,
    fit,
    house_style,
    new_figure,
    sentence_figure,
    width_of,
)

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTHING = "Nothing to draw: importance is there for short texts alone."
METHODS = ("integrated_gradients", "gradient_x_input", "occlusion", "rollout")
_LINE = 0.15  # inches
_MARGIN = 0.04
_WIDTH = 2 * COLUMN_WIDTH
_MOST_TOKENS = 120


def draw_token_importance(tokens: pl.DataFrame, title: str) -> Figure:
    """Tokens of an analysis; orange is for the answer, purple against it.

    A method's largest share has the full colour. Of a longer text the last 120 tokens.
    """
    known = [name for name in METHODS if tokens[name].null_count() < tokens.height]
    if not known:
        return sentence_figure(NOTHING)
    rows = tokens.tail(_MOST_TOKENS)
    words = [fit(shown(word), 1.0) for word in rows["token"]]
    lines = _break([width_of([word]) + 2 * _MARGIN for word in words])
    n_lines = len(known) * (len(lines) + 1.3)
    with house_style():
        figure = new_figure(_LINE * n_lines + 0.3, _WIDTH)
        figure.set_layout_engine("none")
        height = figure.get_figheight()
        axes = figure.add_axes((0, 0, 1, 1 - 0.28 / height))
        axes.set(xlim=(0, _WIDTH), ylim=(n_lines * _LINE, 0))
        axes.axis("off")
        top = 0.0
        for name in known:
            values = np.array([v or 0.0 for v in rows[name]], float)
            label = f"{name.replace('_', ' ')}  (largest {np.abs(values).max():.3g})"
            axes.text(0.06, top + 0.11, label, fontsize=FONT_SIZE, color="#444444")
            _write(axes, words, values, lines, top=top + 1.1 * _LINE)
            top += (len(lines) + 1.3) * _LINE
        add_title(figure, title)
    return figure


def _break(widths: list[float]) -> list[list[tuple[int, float, float]]]:
    """Lines of (token, left, width), no wider than the picture."""
    lines: list[list[tuple[int, float, float]]] = [[]]
    left = 0.06
    for place, width in enumerate(widths):
        if left + width > _WIDTH - 0.06 and lines[-1]:
            lines.append([])
            left = 0.06
        lines[-1].append((place, left, width))
        left += width
    return lines


def _write(
    axes: Axes,
    words: list[str],
    values: np.ndarray,
    lines: list[list[tuple[int, float, float]]],
    *,
    top: float,
) -> None:
    from matplotlib import colormaps

    most = float(np.abs(values).max()) or 1.0
    colours: Any = colormaps[DIVERGING]
    for i, line in enumerate(lines):
        y = top + i * _LINE
        for place, left, width in line:
            colour = colours(0.5 + values[place] / most / 2)
            axes.fill_between(
                [left + 0.006, left + width - 0.006],
                y + 0.01,
                y + _LINE - 0.01,
                color=colour,
                linewidth=0,
            )
            is_dark = sum(colour[:3]) < 1.5
            axes.text(
                left + width / 2,
                y + _LINE / 2,
                words[place],
                ha="center",
                va="center",
                color="white" if is_dark else "black",
            )
