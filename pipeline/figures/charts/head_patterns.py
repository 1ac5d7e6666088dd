"""What does each head look at? A grid of heads, a letter and a colour per pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    FONT_SIZE,
    GREY,
    PALETTE,
    add_title,
    house_style,
    new_figure,
    sentence_figure,
)

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

NOTHING = "Nothing to draw: no head's attention was seen."
_LETTERS = {
    "previous token": "p",
    "itself": "s",
    "first token": "1",
    "induction": "i",
    "duplicate token": "d",
    "punctuation": ".",
    "one token": "o",
}
_COLOURS = dict(zip(_LETTERS, PALETTE, strict=True))
_DARK = 0.6  # a share from which white letters are the more legible ones
_ROW_HEIGHT = 0.16


def draw_head_patterns(heads: pl.DataFrame, title: str) -> Figure:
    """A row per layer, a column per head: its leading pattern, as strong as its share.

    `heads` are those of an analysis, with layer, head, leading and share.
    """
    if heads.is_empty():
        return sentence_figure(NOTHING)
    stacks = list(dict.fromkeys(_row_name(row) for row in heads.iter_rows(named=True)))
    n_heads = int(heads["head"].max() or 0) + 1  # type: ignore[arg-type]
    named = list(dict.fromkeys(heads["leading"].to_list()))
    with house_style():
        height = _ROW_HEIGHT * len(stacks) + 0.75 + 0.14 * ((len(named) + 2) // 3)
        figure = new_figure(height)
        axes = figure.subplots()
        for row in heads.iter_rows(named=True):
            i, j = stacks.index(_row_name(row)), row["head"]
            share = min(max(row["share"], 0.0), 1.0)
            colour = _COLOURS[row["leading"]]
            cell = ([j, j + 1], i, i + 1)
            axes.fill_between(*cell, color=colour, alpha=share, linewidth=0)
            axes.text(
                j + 0.5,
                i + 0.5,
                _LETTERS[row["leading"]],
                ha="center",
                va="center",
                fontsize=min(FONT_SIZE, 72 * COLUMN_WIDTH * 0.6 / n_heads),
                color="white" if share > _DARK else "black",
            )
        axes.set(
            xlim=(0, n_heads), ylim=(len(stacks), 0), xlabel="head", ylabel="layer"
        )
        every = -(-len(stacks) // 24)
        axes.set_yticks(
            [i + 0.5 for i in range(0, len(stacks), every)], stacks[::every]
        )
        step = -(-n_heads // 12)
        axes.set_xticks(
            [j + 0.5 for j in range(0, n_heads, step)],
            [str(j) for j in range(0, n_heads, step)],
        )
        for side in ("left", "bottom"):
            axes.spines[side].set_color(GREY)
        axes.tick_params(length=0)
        _add_legend(figure, named)
        add_title(figure, title)
    return figure


def _row_name(row: dict[str, object]) -> str:
    name = "?" if row["layer"] is None else str(row["layer"])
    stack = {"encoder": "e", "decoder": ""}.get(str(row["stack"]), "")
    return f"{stack}{name}" + ("×" if row["attention"] == "cross" else "")


def _add_legend(figure: Figure, named: list[str]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(
            facecolor=_COLOURS[name],
            edgecolor=GREY,
            linewidth=0.4,
            label=f"{_LETTERS[name]}  {name}".strip(),
        )
        for name in _LETTERS
        if name in named
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=3)
