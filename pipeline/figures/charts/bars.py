"""Where are the parameters? Bars by component, and models side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.figures.shared.labels import short_number
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

_ROW_HEIGHT = 0.155  # inches: a name of 6 points with space around it
_NAME_WIDTH = 1.15
_MOST_ROWS = 40
_NOTHING = "Nothing to draw: the query found no parameter."


def draw_parameters(frame: pl.DataFrame) -> Figure:
    """A bar per component by its number of parameters, with its share beside it.

    `frame` is the result of query `sizes`: model, revision, component, n_parameters.
    It holds one model; `draw_sizes` draws several.
    """
    import polars as pl

    from pipeline.figures.shared.grid import only

    rows = (
        frame.group_by("component", maintain_order=True)
        .agg(pl.col("n_parameters").sum())
        .filter(pl.col("n_parameters") > 0)
        .sort("n_parameters", "component", descending=[True, False])
    )
    if rows.is_empty():
        return sentence_figure(_NOTHING)
    title = f"{only(frame, 'model')}@{only(frame, 'revision')}"
    total = int(rows["n_parameters"].sum())
    rows, note = _shorten(rows)
    with house_style():
        names, counts = rows["component"].to_list(), rows["n_parameters"].to_list()
        figure, axes = _axes(names)
        axes.barh(range(len(names)), counts, height=0.7, color=PALETTE[0])
        for place, count in enumerate(counts):
            axes.annotate(
                _share_text(count / total),
                (count, place),
                xytext=(2, 0),
                textcoords="offset points",
                va="center",
                fontsize=6,
            )
        axes.margins(x=0.16)
        axes.set_xlabel("parameters")
        add_title(figure, title, f"{short_number(total)} parameters{note}")
    return figure


def draw_sizes(frame: pl.DataFrame) -> Figure:
    """A bar per model, its components stacked, the largest model first.

    `frame` is the result of query `sizes`. The six largest components have a colour
    each; all others together are grey.
    """
    import polars as pl

    rows = frame.filter(pl.col("n_parameters") > 0)
    if rows.is_empty():
        return sentence_figure(_NOTHING)
    models = (
        rows.group_by("model")
        .agg(pl.col("n_parameters").sum())
        .sort("n_parameters", "model", descending=[True, False])
    )
    models, note = _shorten(models)
    named = (
        rows.group_by("component")
        .agg(pl.col("n_parameters").sum())
        .sort("n_parameters", "component", descending=[True, False])["component"]
        .head(len(PALETTE) - 1)
        .to_list()
    )
    with house_style():
        figure, axes = _axes(models["model"].to_list(), below=0.5)
        _stack(axes, rows, models["model"].to_list(), named)
        axes.set_xlabel("parameters")
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower left", ncols=3, borderaxespad=0.2
        )
        add_title(figure, f"Parameters of {len(models)} models{note}")
    return figure


def _share_text(share: float) -> str:
    return "< 0.1%" if share < 0.001 else f"{share:.1%}"


def _stack(axes: Axes, rows: pl.DataFrame, models: list[str], named: list[str]) -> None:
    held: dict[str, dict[str, int]] = {model: {} for model in models}
    for row in rows.iter_rows(named=True):
        if row["model"] in held:
            name = row["component"] if row["component"] in named else "other"
            of_model = held[row["model"]]
            of_model[name] = of_model.get(name, 0) + int(row["n_parameters"])
    left = [0] * len(models)
    for name, color in [*zip(named, PALETTE, strict=False), ("other", GREY)]:
        counts = [held[model].get(name, 0) for model in models]
        if any(counts):
            axes.barh(
                range(len(models)),
                counts,
                left=left,
                height=0.7,
                color=color,
                label=fit(name, 0.8, FONT_SIZE - 1),
            )
        left = [old + new for old, new in zip(left, counts, strict=True)]


def _shorten(rows: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The rows that fit a column of a page, and a note of how many are left out."""
    n_more = len(rows) - _MOST_ROWS
    return rows.head(_MOST_ROWS), f"; {n_more} smaller not shown" if n_more > 0 else ""


def _axes(names: list[str], below: float = 0.0) -> tuple[Figure, Axes]:
    """Axes with named rows from the top down and short counts."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure = new_figure(_ROW_HEIGHT * len(names) + 0.8 + below)
    axes = figure.add_subplot()
    size = FONT_SIZE - 1
    shown = [fit(str(name), _NAME_WIDTH, size) for name in names]
    axes.set_yticks(range(len(names)), shown, fontsize=size)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    return figure, axes
