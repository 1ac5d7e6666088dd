"""How does the spectrum of a tensor change in training? One line per step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import power_of_ten, short_number
from pipeline.figures.shared.style import (
    ALARM,
    DASHES,
    FONT_SIZE,
    SEQUENTIAL,
    add_title,
    house_style,
    new_figure,
    sentence_figure,
)
from pipeline.figures.terminal.glyphs import column, cut, spark
from pipeline.figures.terminal.sketch import DEFAULT_WIDTH

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_LINES = 40
_MOST_SKETCHED = 12
_LEAST_SHOWN = 1e-4  # of the largest: smaller values are rounding
_LIGHTEST = 0.92  # of the colour map: its end is invisible on white


@dataclass(frozen=True)
class Spectrum:
    """Singular values at one step, descending; values above `edge` are not noise."""

    step: int
    sigma: np.ndarray
    edge: float | None


def draw_evolution(frame: pl.DataFrame) -> Figure:
    """Singular values by rank, dark at the first step and light at the last.

    `frame` is the result of query `evolution`: model, tensor, view, step, index,
    singular_value, noise_edge. At most forty steps are drawn, including the first and
    the last.
    """
    spectra = as_spectra(frame, _MOST_LINES)
    if not spectra:
        return sentence_figure("Nothing to draw: no spectrum of that tensor by step.")
    with house_style():
        from matplotlib import colormaps

        shades = colormaps[SEQUENTIAL](np.linspace(0, _LIGHTEST, len(spectra)))
        figure = new_figure(2.6)
        axes = figure.add_subplot()
        for spectrum, shade in zip(spectra, shades, strict=True):
            ranks = np.arange(1, spectrum.sigma.size + 1)
            axes.plot(ranks, spectrum.sigma, color=shade, linewidth=0.8)
        _scale(axes, spectra)
        edge = spectra[-1].edge
        if edge:
            axes.axhline(edge, color=ALARM, linewidth=0.8, linestyle=DASHES)
            label = f"dashed: edge of the noise at step {spectra[-1].step:,}"
            look = {"fontsize": FONT_SIZE - 1, "color": ALARM}
            figure.supxlabel(label, x=0.02, ha="left", **look)
        axes.set_xlabel("rank of the singular value")
        axes.set_ylabel("singular value")
        _add_key(figure, axes, spectra)
        add_title(figure, only(frame, "model"), _name(frame))
    return figure


def sketch_evolution(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A sparkline of the logarithms per step, for at most twelve steps."""
    spectra = as_spectra(frame, _MOST_SKETCHED)
    if not spectra:
        return "Nothing to draw: no spectrum of that tensor by step.\n"
    lines = [cut(f"singular values of {_name(frame)}, {only(frame, 'model')}", width)]
    lines.append(f"{'step':<10} {'largest':>8} {'least':>8}")
    for each in spectra:
        shown = _shown(each.sigma)
        ends = f"{short_number(shown[0]):>8} {short_number(shown[-1]):>8}"
        line = spark(np.log(shown), max(width - 29, 4))
        lines.append(f"{column(f'{each.step:,}', 10)} {ends} {line}")
    return "\n".join(lines) + "\n"


def as_spectra(frame: pl.DataFrame, most: int) -> list[Spectrum]:
    """At most `most` spectra by step: the first, the last, and some between.

    Raises UsageError when the frame holds several models, tensors or views.
    """
    import polars as pl

    rows = frame.drop_nulls("singular_value").filter(pl.col("singular_value") > 0)
    if rows.is_empty():
        return []
    for name in ("model", "tensor", "view"):
        only(rows, name)
    parts = rows.sort("step", "index").partition_by("step", maintain_order=True)
    n = len(parts)
    places = np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))
    return [
        Spectrum(
            parts[i]["step"][0],
            parts[i]["singular_value"].to_numpy(),
            parts[i]["noise_edge"][0],
        )
        for i in places
    ]


def _shown(sigma: np.ndarray) -> np.ndarray:
    shown: np.ndarray = sigma[sigma >= _LEAST_SHOWN * sigma[0]]
    return shown


def _name(frame: pl.DataFrame) -> str:
    tensor, view = only(frame, "tensor"), only(frame, "view")
    return tensor if view == "whole" else f"{tensor} [{view}]"


def _scale(axes: Axes, spectra: list[Spectrum]) -> None:
    """Put ticks at powers of ten on each axis that spans more than one."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    write = FuncFormatter(lambda value, _: short_number(value))
    high = max(each.sigma[0] for each in spectra)
    low = min(_shown(each.sigma)[-1] for each in spectra)
    longest = max(each.sigma.size for each in spectra)
    if longest >= 10:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(LogLocator(10))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(write)
    if high >= 10 * low:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
        powers = FuncFormatter(lambda value, _: power_of_ten(value))
        axes.yaxis.set_major_formatter(powers)
    else:
        axes.yaxis.set_major_formatter(write)
    axes.set_ylim(0.8 * low, 1.25 * high)


def _add_key(figure: Figure, axes: Axes, spectra: list[Spectrum]) -> None:
    """A colour bar in the order of the steps, some of them labelled."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    if len(spectra) < 2:
        return
    colours = ListedColormap(colormaps[SEQUENTIAL](np.linspace(0, _LIGHTEST, 256)))
    last = len(spectra) - 1
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, last), colours), ax=axes, pad=0.03, aspect=20
    )
    bar.outline.set_visible(False)
    places = np.unique(np.linspace(0, last, min(last + 1, 5)).round().astype(int))
    names = [short_number(float(spectra[i].step)) for i in places]
    bar.set_ticks(places.tolist(), labels=names)
    bar.set_label("step")
