"""Where do the clusters of an embedding lie? A sample of rows, in two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    GREY,
    PALETTE,
    add_title,
    fit,
    house_style,
    new_figure,
    sentence_figure,
)
from pipeline.figures.shared.ticks import few_ticks

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_NAMED = len(PALETTE)
# Not called clustered if more than this share of Gaussian clouds is as clustered.
_LEVEL = 0.05


def draw_clusters(frame: pl.DataFrame) -> Figure:
    """A dot per placed row and a ring at each centre; the largest are named below.

    `frame` is the result of query `clusters`: model, revision, tensor,
    plane_fraction, null_p, cluster, n_tokens, label, centre_x, centre_y, x, y.
    """
    rows = frame.drop_nulls(["x", "y"])
    if rows.is_empty():
        return sentence_figure(
            "Nothing to draw: no row of an embedding is placed. The family embeddings "
            "measures it."
        )
    parts = rows.partition_by("cluster", maintain_order=True)
    with house_style():
        figure = new_figure(2.6 + 0.13 * min(len(parts), _MOST_NAMED))
        axes = figure.add_subplot()
        shades = [*PALETTE, *[GREY] * len(parts)]
        for part, color in zip(parts, shades, strict=False):
            _draw(axes, part, color)
        axes.set_aspect("equal", "datalim")
        axes.set_xlabel("first principal component")
        axes.set_ylabel("second")
        few_ticks(axes)
        figure.legend(loc="outside lower left", borderaxespad=0.2)
        checkpoint = f"{only(rows, 'model')}@{only(rows, 'revision')}"
        add_title(figure, checkpoint, only(rows, "tensor"), _note(rows, len(parts)))
    return figure


def _draw(axes: Axes, part: pl.DataFrame, color: str) -> None:
    axes.plot(part["x"], part["y"], ".", color=color, markersize=2, alpha=0.6)
    number, n_tokens = int(part["cluster"][0]), int(part["n_tokens"][0])
    label = fit(
        f"{number}: {n_tokens:,} tokens, {part['label'][0]}", COLUMN_WIDTH - 0.6, 6
    )
    (ring,) = axes.plot(part["centre_x"][:1], part["centre_y"][:1], "o", color=color)
    ring.set(markersize=6, markerfacecolor="none", markeredgewidth=1.2)
    ring.set_label(label if number < _MOST_NAMED else "")


def _note(rows: pl.DataFrame, n_clusters: int) -> str:
    """The share of the variance in the plane, and the verdict against noise."""
    share, p = rows["plane_fraction"][0], rows["null_p"][0]
    facts = [f"{n_clusters} clusters"]
    if share is not None:
        facts.append(f"{share:.0%} of the variance")
    if p is not None:
        facts.append("as in noise" if p > _LEVEL else "more than noise's")
    return ", ".join(facts)
