"""Which values does a tensor hold, and how often? Densities, one tensor or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.bins import (
    Bins,
    as_bins,
    is_spike,
    split_names,
    tallest_but_spikes,
)
from pipeline.figures.shared.labels import power_of_ten, short_number
from pipeline.figures.shared.laws import Law, density, read_law
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    PALETTE,
    add_title,
    colors_of,
    fit,
    house_style,
    new_figure,
    sentence_figure,
)

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_NAMED = len(PALETTE)
_Key = tuple[str, str, str]


def draw_histogram(
    frame: pl.DataFrame, *, log_y: bool = False, laws: bool = True
) -> Figure:
    """The outline of every tensor's histogram over one axis.

    `frame` is the result of query `histogram` or `densities`: model, revision, tensor,
    bin_low, bin_high, count, density. For few tensors `laws` draws the law that fits
    best, if the frame names one, as a dashed line. A bin far taller than the rest is
    cut, with its share of the entries beside it; with `log_y` nothing is cut.
    """
    tensors = as_bins(frame)
    if not tensors:
        return sentence_figure(
            "Nothing to draw: the query found no finite value of such a tensor."
        )
    with house_style():
        named = tensors if len(tensors) <= _MOST_NAMED else ()
        figure = new_figure(2.1 + 0.13 * len(named))
        axes = figure.add_subplot()
        _outline(axes, tensors)
        _scale(axes, tensors, log_y=log_y)
        fitted = _laws(frame) if laws and named else {}
        _draw_laws(axes, tensors, fitted)
        axes.set_xlabel("value")
        axes.set_ylabel("density")
        _name(figure, axes, tensors, fitted)
    return figure


def _outline(axes: Axes, tensors: tuple[Bins, ...]) -> None:
    width = 0.9 if len(tensors) <= _MOST_NAMED else 0.5
    for bins, color in zip(tensors, colors_of(len(tensors)), strict=True):
        if bins.density.size:
            axes.stairs(bins.density, bins.edges, color=color, linewidth=width)
        if bins.density.size and len(tensors) <= 2:
            axes.stairs(bins.density, bins.edges, color=color, alpha=0.2, fill=True)
        for value, _ in bins.points:
            axes.axvline(value, color=color, linewidth=width, linestyle=(0, (4, 2)))
            # A bin without width would be infinitely high: a line marks its place, and
            # the legend has its share.


def _laws(frame: pl.DataFrame) -> dict[_Key, Law]:
    """The fitted law of each tensor with one, by model, revision and tensor."""
    if "law" not in frame.columns:
        return {}
    rows = frame.unique(["model", "revision", "tensor"], maintain_order=True)
    found = {
        (str(row["model"]), str(row["revision"]), str(row["tensor"])): read_law(row)
        for row in rows.iter_rows(named=True)
    }
    return {key: law for key, law in found.items() if law is not None}


def _draw_laws(axes: Axes, tensors: tuple[Bins, ...], laws: Mapping[_Key, Law]) -> None:
    low, high = axes.get_ylim()
    for bins, color in zip(tensors, colors_of(len(tensors)), strict=True):
        law = laws.get((bins.model, bins.revision, bins.tensor))
        if law is None or not bins.edges.size:
            continue
        x = np.linspace(bins.edges[0], bins.edges[-1], 400)
        shade = "#000000" if len(tensors) == 1 else color
        axes.plot(x, density(law, x), color=shade, linewidth=0.7, linestyle=(0, (3, 2)))
    axes.set_ylim(low, high)


def _scale(axes: Axes, tensors: tuple[Bins, ...], *, log_y: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    has_bins = any(bins.density.any() for bins in tensors)
    if not has_bins:
        axes.set_yticks([])
        values = [value for bins in tensors for value, _ in bins.points]
        axes.set_xlim(min(values) - 1, max(values) + 1)
    elif log_y:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: power_of_ten(value))
        )
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: short_number(value))
        )
        axes.set_ylim(0, tallest_but_spikes(tensors) * 1.08)
    if has_bins and not log_y:
        _mark_cuts(axes, tensors)


def _mark_cuts(axes: Axes, tensors: tuple[Bins, ...]) -> None:
    """Draw an arrowhead on the upper edge above each bar that is cut there."""
    for bins, color in zip(tensors, colors_of(len(tensors)), strict=True):
        if not is_spike(bins).any():
            continue
        middles = (bins.edges[:-1] + bins.edges[1:]) / 2
        axes.plot(
            middles[is_spike(bins)],
            np.ones(is_spike(bins).sum()),
            "^",
            color=color,
            markersize=4,
            clip_on=False,
            transform=axes.get_xaxis_transform(),
        )


def _name(
    figure: Figure, axes: Axes, tensors: tuple[Bins, ...], laws: Mapping[_Key, Law]
) -> None:
    """Write the shared part of the tensors' names above the axes, differences below."""
    from matplotlib.lines import Line2D

    common, own = split_names(tensors)
    add_title(figure, *common)
    if len(tensors) > _MOST_NAMED:
        note = f"{len(tensors)} tensors, first dark to last light"
        axes.set_title(note, color="#444444")
        return
    names = [
        "; ".join(
            part for part in (name, _spike_note(bins), _law_note(bins, laws)) if part
        )
        for name, bins in zip(own, tensors, strict=True)
    ]
    lines = [
        Line2D([], [], color=PALETTE[place], label=fit(name, COLUMN_WIDTH - 0.6, 6))
        for place, name in enumerate(names)
        if name
    ]
    if lines:
        figure.legend(handles=lines, loc="outside lower left", borderaxespad=0.2)


def _law_note(bins: Bins, laws: Mapping[_Key, Law]) -> str:
    law = laws.get((bins.model, bins.revision, bins.tensor))
    return "" if law is None else f"dashed: {law.title}"


def _spike_note(bins: Bins) -> str:
    """`0.43 of entries at 0` for a bin without width; similarly for a cut bin."""
    notes = [
        f"{'all' if share == 1 else f'{share:.3g} of'} entries at {value:.4g}"
        for value, share in bins.points
    ]
    for place in np.nonzero(is_spike(bins))[0]:
        low, high = bins.edges[place], bins.edges[place + 1]
        share = bins.density[place] * (high - low)
        notes.append(f"{share:.3g} of entries in [{low:.3g}, {high:.3g})")
    return ", ".join(notes)
