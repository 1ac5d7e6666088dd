"""What would each block predict? A table of tokens, darker where they are likelier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import short_number
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
from pipeline.figures.terminal.glyphs import column, cut

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTHING = "Nothing to draw: no block's prediction was taken (is there a head?)."
_ROW_HEIGHT = 0.16
_MOST_ROWS = 24
_N_TOKENS = 4
_NUMBERS = (("layer", ""), ("kl", "KL"), ("agreement", "agree"), ("rank", "rank"))
_NUMBER_WIDTH = 0.115  # of the picture
_SIZE = FONT_SIZE - 1


def draw_lens(frame: pl.DataFrame) -> Figure:
    """A row per block: KL to the final prediction, agreement, rank, likeliest tokens.

    `frame` is the result of query `lens`. Of more than 24 blocks every second, third, …
    is drawn, the last always. Raises UsageError for several models or probe sets.
    """
    if frame.is_empty():
        return sentence_figure(NOTHING)
    rows = _thinned(list(frame.iter_rows(named=True)))
    with house_style():
        figure = new_figure(_ROW_HEIGHT * (len(rows) + 1) + 0.25)
        axes = figure.add_axes((0.02, 0.02, 0.96, 1 - 0.22 / figure.get_figheight()))
        figure.set_layout_engine("none")
        axes.set(xlim=(0, 1), ylim=(len(rows), -1))
        axes.axis("off")
        _write_head(axes)
        for i, row in enumerate(rows):
            _write_row(axes, i, row)
        add_title(figure, _title(frame))
    return figure


def _thinned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    every = -(-len(rows) // _MOST_ROWS)
    kept = rows[::every]
    return kept if kept[-1] is rows[-1] else [*kept, rows[-1]]


def _write_head(axes: Axes) -> None:
    for j, (name, label) in enumerate(_NUMBERS):
        x = (j + 1) * _NUMBER_WIDTH - 0.015
        axes.text(x, -0.4, label or name, ha="right", va="center", fontsize=_SIZE)
    x = len(_NUMBERS) * _NUMBER_WIDTH + 0.01
    axes.text(x, -0.4, "likeliest tokens", va="center", fontsize=_SIZE)
    axes.axhline(0, color="black", linewidth=0.5)


def _write_row(axes: Axes, i: int, row: dict[str, Any]) -> None:
    from matplotlib import colormaps

    for j, (name, _) in enumerate(_NUMBERS):
        value = row[name]
        text = "–" if value is None else short_number(float(value), 3)
        x = (j + 1) * _NUMBER_WIDTH - 0.015
        axes.text(x, i + 0.5, text, ha="right", va="center", fontsize=_SIZE)
    left = len(_NUMBERS) * _NUMBER_WIDTH
    wide = (1 - left) / _N_TOKENS
    pairs = zip(row["top_tokens"] or [], row["top_shares"] or [], strict=False)
    for j, (token, share) in enumerate(list(pairs)[:_N_TOKENS]):
        color = colormaps[SEQUENTIAL](float(share))
        axes.fill_between(
            [left + j * wide + 0.004, left + (j + 1) * wide],
            i + 0.06,
            i + 0.94,
            color=color,
            linewidth=0,
        )
        is_dark = sum(color[:3]) < 1.5
        axes.text(
            left + (j + 0.5) * wide,
            i + 0.5,
            fit(shown(token), wide * COLUMN_WIDTH * 0.96 - 0.1, _SIZE),
            ha="center",
            va="center",
            fontsize=_SIZE,
            color="white" if is_dark else "black",
        )


def shown(token: str) -> str:
    """A token whose spaces are seen: `·the`, `⏎`."""
    return token.replace(" ", "·").replace("\n", "⏎") or "∅"


def sketch_lens(frame: pl.DataFrame, width: int = 80) -> str:
    """A line per block: KL, agreement, rank, and its likeliest tokens."""
    if frame.is_empty():
        return f"{NOTHING}\n"
    lines = [_title(frame), "layer       KL    agree     rank  likeliest tokens"]
    for row in frame.iter_rows(named=True):
        numbers = (
            "–" if row[name] is None else short_number(float(row[name]), 3)
            for name, _ in _NUMBERS[1:]
        )
        head = column(str(row["layer"]), 5) + "".join(
            f" {column(text, 8, right=True)}" for text in numbers
        )
        tokens = " ".join(shown(each) for each in row["top_tokens"] or [])
        lines.append(f"{head}  {tokens}")
    return "\n".join(cut(line, width) for line in lines) + "\n"


def _title(frame: pl.DataFrame) -> str:
    checkpoint = f"{only(frame, 'model')}@{only(frame, 'revision')}"
    return f"{checkpoint} on {only(frame, 'probe_set')}"
