"""How do the singular values of a matrix fall off? By index, and as summed energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import drawable, power_of_ten, short_number
from pipeline.figures.shared.style import (
    ALARM,
    COLUMN_WIDTH,
    GREY,
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

_NOTHING = "Nothing to draw: the tensor has no spectrum."
_LEVELS = (0.5, 0.9, 0.99)  # shares of the energy whose ranks are marked
# Values this far below the largest are rounding, so the axis ends there.
_FLOOR = 1e-8


@dataclass(frozen=True)
class Spectrum:
    """One view's σ, descending, and the cumulated share of Σσ²."""

    view: str
    relative: np.ndarray
    energy: np.ndarray


def draw_scree(frame: pl.DataFrame) -> Figure:
    """σ/σ₁ by index on two logarithmic axes, a line per matrix view.

    `frame` is the result of query `spectrum`: model, revision, tensor, view, index,
    singular_value, relative, energy_fraction.
    """
    spectra = _spectra(frame)
    if not spectra:
        return sentence_figure(_NOTHING)
    with house_style():
        figure, axes = _axes(frame, spectra)
        for each, color in zip(spectra, colors_of(len(spectra)), strict=True):
            seen = each.relative > _FLOOR
            index = np.arange(1, len(each.relative) + 1)[seen]
            axes.plot(index, each.relative[seen], color=color)
            n_below = int((~seen).sum())
            if n_below:
                # The line ends in a cross: all further values are zero up to rounding.
                axes.plot(index[-1:], each.relative[seen][-1:], "x", color=ALARM)
        axes.set_yscale("log")
        axes.set_xscale("log")
        _write_powers(axes)
        axes.set_xlabel("index of the singular value")
        axes.set_ylabel("σ / σ₁")
    return figure


def draw_energy(frame: pl.DataFrame) -> Figure:
    """The share of Σσ² in the largest singular values, over their share of all.

    A line per matrix view of the result of query `spectrum`. The ranks that keep 50, 90
    and 99 % are marked, and for a single view written above the axes.
    """
    spectra = _spectra(frame)
    if not spectra:
        return sentence_figure(_NOTHING)
    with house_style():
        figure, axes = _axes(frame, spectra, *_rank_notes(spectra))
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, linestyle=(0, (4, 2)))
        for each, color in zip(spectra, colors_of(len(spectra)), strict=True):
            share = np.arange(1, len(each.energy) + 1) / len(each.energy)
            axes.plot([0, *share], [0, *each.energy], color=color)
            places = [share[_rank_of(each, level) - 1] for level in _LEVELS]
            axes.plot(places, _LEVELS, "o", color=color, markersize=2.5)
        axes.set_xlabel("fraction of the singular values")
        axes.set_ylabel("fraction of Σσ²")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
    return figure


def _spectra(frame: pl.DataFrame) -> list[Spectrum]:
    """One per view that holds a positive value, in the order of the rows."""
    import polars as pl

    found = []
    for (view,), part in frame.partition_by(
        ["view"], as_dict=True, maintain_order=True
    ).items():
        rows = part.sort("index").filter(pl.col("relative").is_not_null())
        relative = np.array([drawable(value) for value in rows["relative"]])
        energy = np.array([drawable(value) for value in rows["energy_fraction"]])
        if (relative > 0).any():
            found.append(Spectrum(str(view), relative, energy))
    return found


def _rank_of(spectrum: Spectrum, level: float) -> int:
    """The smallest rank that keeps this share of the energy."""
    reached = int(np.searchsorted(spectrum.energy, level - 1e-12)) + 1
    return min(reached, len(spectrum.energy))


def _rank_notes(spectra: list[Spectrum]) -> list[str]:
    if len(spectra) > 1:
        return []
    one = spectra[0]
    kept = ", ".join(f"{level:.0%} by {_rank_of(one, level)}" for level in _LEVELS)
    return [f"{kept} of {len(one.energy)}"]


def _axes(
    frame: pl.DataFrame, spectra: list[Spectrum], *notes: str
) -> tuple[Figure, Axes]:
    from matplotlib.lines import Line2D

    is_named = 1 < len(spectra) <= len(PALETTE)
    figure = new_figure(2.0 + 0.13 * (len(spectra) if is_named else 0))
    axes = figure.add_subplot()
    checkpoint = f"{only(frame, 'model')}@{only(frame, 'revision')}"
    lines = [checkpoint, only(frame, "tensor"), *notes]
    if len(spectra) > len(PALETTE):
        lines.append(f"{len(spectra)} views, first dark to last light")
    add_title(figure, *lines)
    if is_named:
        handles = [
            Line2D([], [], color=color, label=fit(each.view, COLUMN_WIDTH - 0.6, 6))
            for each, color in zip(spectra, colors_of(len(spectra)), strict=True)
        ]
        figure.legend(handles=handles, loc="outside lower left", borderaxespad=0.2)
    return figure, axes


def _write_powers(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=6))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    low, high = axes.get_ylim()
    if high < 10 * low:  # the range may contain no power of ten for a tick
        from matplotlib.ticker import MaxNLocator

        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: short_number(value))
        )
