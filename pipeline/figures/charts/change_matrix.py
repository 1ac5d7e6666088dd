"""How far is every checkpoint from every other? A square of distances."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.checkpoints import Checkpoint
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    FONT_SIZE,
    GREY,
    PALE,
    SEQUENTIAL,
    fit,
    house_style,
    new_figure,
    sentence_figure,
)
from pipeline.figures.terminal.glyphs import column, cut, shade

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 2.05  # inches: a column less the room for names and colours
_ROW_HEIGHT = 0.135  # inches between names that do not touch
_NAME_SIZE = FONT_SIZE - 1


@dataclass(frozen=True)
class Square:
    """`distance[i, j]` between checkpoints; NaN where nothing could be compared."""

    checkpoints: tuple[Checkpoint, ...]
    distance: np.ndarray

    def runs(self) -> list[list[int]]:
        """Places of neighbouring checkpoints of one model."""
        places = range(len(self.checkpoints))
        groups = groupby(places, key=lambda place: self.checkpoints[place].model)
        return [list(run) for _, run in groups]


def as_square(frame: pl.DataFrame) -> Square | None:
    """Arrange a result of query `change_matrix`; None when it has no row."""
    if frame.is_empty():
        return None
    names = "model", "revision", "step"
    sides = [
        [
            Checkpoint(*row)
            for row in frame.select([f"{name}_{side}" for name in names]).iter_rows()
        ]
        for side in "ab"
    ]
    found = sorted(
        set(sides[0] + sides[1]),
        key=lambda c: (c.model, c.step is not None, c.step or 0, c.revision),
    )
    place = {checkpoint: i for i, checkpoint in enumerate(found)}
    distance = np.full((len(found), len(found)), np.nan)
    np.fill_diagonal(distance, 0.0)
    for a, b, value in zip(*sides, frame["distance"].to_list(), strict=True):
        distance[place[a], place[b]] = distance[place[b], place[a]] = value
    return Square(tuple(found), distance)


def draw_change_matrix(frame: pl.DataFrame) -> Figure:
    """A cell per pair of checkpoints, darker for nearer pairs; kin form dark blocks.

    `frame` is the result of query `change_matrix`. The scale ends at about 1, the
    distance of unrelated models; pairs with nothing to compare are hatched.
    """
    square = as_square(frame)
    if square is None:
        return sentence_figure(
            "Nothing to draw: no two checkpoints have a sketch of the same tensor."
        )
    with house_style():
        figure = new_figure(_SIDE + 0.62)
        figure.set_layout_engine("none")
        height = figure.get_size_inches()[1]
        left, bottom = COLUMN_WIDTH - _SIDE - 0.12, 0.52
        axes = figure.add_axes(
            (left / COLUMN_WIDTH, bottom / height, _SIDE / COLUMN_WIDTH, _SIDE / height)
        )
        _paint(axes, square)
        _name_rows(axes, square, left - 0.25)
        _draw_scale(figure, axes, (left, 0.32, _SIDE, 0.07))
    return figure


def _paint(axes: Axes, square: Square) -> None:
    axes.patch.set(facecolor=PALE, hatch="//////", edgecolor=GREY)
    axes.pcolormesh(
        np.ma.masked_invalid(square.distance),
        cmap=SEQUENTIAL,
        vmin=0,
        vmax=1,
        edgecolors="face",
        linewidth=0.1,
    )
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for run in square.runs()[1:]:
        axes.axhline(run[0], color="white", linewidth=0.4)
        axes.axvline(run[0], color="white", linewidth=0.4)


def _name_rows(axes: Axes, square: Square, width: float) -> None:
    """A name per row where there is room, else one per model with a line to its rows.

    If there are too many names, those of the fewest rows are left out first.
    """
    n = len(square.checkpoints)
    runs = [[i] for i in range(n)] if n * _ROW_HEIGHT <= _SIDE else square.runs()
    room = int(_SIDE / _ROW_HEIGHT)
    kept = sorted(sorted(runs, key=lambda run: (-len(run), run))[:room])
    wanted = np.array([(run[0] + run[-1] + 1) / 2 / n * _SIDE for run in kept])
    axes.set_yticks([])
    axes.set_xticks([])
    inch = n / _SIDE
    for run, at, y in zip(kept, wanted, _spread(wanted), strict=True):
        has_room = len(run) * _SIDE / n > 2 * _ROW_HEIGHT and len(kept) < room / 2
        name = _run_name(square, run, has_room=has_room)
        text = "\n".join(fit(line, width, _NAME_SIZE) for line in name)
        axes.text(
            -0.16 * inch,
            y * inch,
            text,
            ha="right",
            va="center",
            fontsize=_NAME_SIZE,
            linespacing=1.1,
        )
        axes.plot(
            [-0.13 * inch, -0.03 * inch],
            [y * inch, at * inch],
            color=GREY,
            linewidth=0.5,
            clip_on=False,
        )
    axes.set(xlim=(0, n), ylim=(n, 0))


def _spread(wanted: np.ndarray) -> np.ndarray:
    """Ascending heights, moved apart by _ROW_HEIGHT and kept within the side."""
    places = wanted.copy()
    for i in range(1, places.size):
        places[i] = max(places[i], places[i - 1] + _ROW_HEIGHT)
    limit = _SIDE
    for i in range(places.size - 1, -1, -1):
        places[i] = min(places[i], limit - _ROW_HEIGHT / 2)
        limit = places[i] - _ROW_HEIGHT / 2
    return places


def _run_name(square: Square, run: list[int], *, has_room: bool) -> list[str]:
    """The model's name, with its steps on a second line where there is room."""
    chosen = [square.checkpoints[i] for i in run]
    if len(chosen) == 1:
        return [chosen[0].name]
    if not has_room:
        return [chosen[0].model]
    if any(checkpoint.step is None for checkpoint in chosen):
        return [f"{chosen[0].model} ({len(chosen)})"]
    return [chosen[0].model, f"{chosen[0].step:,} … {chosen[-1].step:,}"]


def _draw_scale(
    figure: Figure, axes: Axes, place: tuple[float, float, float, float]
) -> None:
    width, height = figure.get_size_inches()
    x, y, long, thick = place
    bar = figure.add_axes((x / width, y / height, long / width, thick / height))
    figure.colorbar(axes.collections[0], cax=bar, orientation="horizontal")
    bar.set_xticks([0, 0.5, 1], ["0 equal", "0.5", "1 strangers"])
    bar.get_xticklabels()[0].set_horizontalalignment("left")
    bar.get_xticklabels()[-1].set_horizontalalignment("right")
    bar.tick_params(length=2, labelsize=FONT_SIZE - 1)
    bar.spines[:].set_visible(False)
    bar.set_xlabel("distance")


def sketch_change_matrix(frame: pl.DataFrame, width: int = 80) -> str:
    """Shades, darker where farther; a dot where nothing could be compared."""
    square = as_square(frame)
    if square is None:
        return "Nothing to draw: no two checkpoints have a sketch in common.\n"
    n = len(square.checkpoints)
    left = max(8, min(32, width - n - 1))
    lines = [
        column(checkpoint.name, left)
        + " "
        + "".join(shade(value, 0, 1) for value in row)
        for checkpoint, row in zip(square.checkpoints, square.distance, strict=True)
    ]
    lines.append("distance: ░ 0 equal … █ 1 strangers   · nothing to compare")
    return "\n".join(cut(line, width) for line in lines) + "\n"
