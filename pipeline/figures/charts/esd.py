"""What does the spectrum of a matrix consist of? Bulk, noise edge, spikes and tail."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.eigenvalues import Spectrum, as_spectrum, say_verdict
from pipeline.figures.shared.labels import power_of_ten, short_number
from pipeline.figures.shared.style import (
    ALARM,
    COLUMN_WIDTH,
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

_BULK, _TAIL = PALETTE[2], PALETTE[1]
_LEGEND_LINE = 0.13  # inches


def draw_esd(frame: pl.DataFrame) -> Figure:
    """Density of the eigenvalues on two logarithmic axes, with the fits to it.

    `frame` is the result of query `esd` for one matrix view. Drawn over the density:
    noise fitted to the bulk, with its edge, the power law of the tail, and as null the
    noise of the whole matrix's norm. Raises UsageError for several views.
    """
    spectrum = as_spectrum(frame)
    if spectrum is None:
        return sentence_figure(
            "Nothing to draw: there is no eigenvalue that an axis can show."
        )
    with house_style():
        figure = new_figure(2.9)
        axes = figure.add_subplot()
        density, edges = spectrum.histogram()
        axes.stairs(density, edges, fill=True, color=PALETTE[0], alpha=0.25)
        axes.stairs(density, edges, color=PALETTE[0], linewidth=0.7)
        _draw_noise(axes, spectrum)
        _draw_tail(axes, spectrum)
        _scale(axes, density, edges)
        axes.set_xlabel("eigenvalue λ = σ²")
        axes.set_ylabel("density")
        handles, names = axes.get_legend_handles_labels()
        names = [fit(name, COLUMN_WIDTH - 0.6, FONT_SIZE - 1) for name in names]
        figure.legend(handles, names, loc="outside lower left", borderaxespad=0.2)
        add_title(figure, spectrum.title, spectrum.name, say_verdict(spectrum))
    return figure


def _draw_noise(axes: Axes, spectrum: Spectrum) -> None:
    """Draw the null (by the norm), the bulk (by the median eigenvalue) and its edge."""
    norm, (n_large, n_small) = spectrum.number("frobenius_norm"), spectrum.sides
    if norm:
        axes.plot(
            *spectrum.noise(norm / sqrt(n_large * n_small)),
            color=GREY,
            linestyle=(0, (1, 1)),
            label="null: noise of the same norm",
        )
    sigma, edge = spectrum.number("mp_sigma"), spectrum.number("mp_edge")
    if not sigma or not edge:
        return
    axes.plot(*spectrum.noise(sigma), color=_BULK, label="noise that fits the bulk")
    # The edge is null where the entries are too far from normal for it.
    counted = spectrum.number("n_spikes")
    n_spikes = int(counted or 0)
    spikes = "spike" if n_spikes == 1 else "spikes"
    above = f"{n_spikes} {spikes} above it"
    if counted is None:
        above = "entries too far from normal for it"
    axes.axvline(
        edge,
        color=_BULK,
        linewidth=0.8,
        linestyle=(0, (4, 2)),
        label=f"its edge; {above}",
    )
    lam = spectrum.lam[:n_spikes]
    foot = axes.get_xaxis_transform()
    axes.plot(lam, np.full(lam.size, 0.02), "|", color=ALARM, transform=foot)


def _draw_tail(axes: Axes, spectrum: Spectrum) -> None:
    law = spectrum.power_law()
    if law is None:
        return
    alpha = short_number(spectrum.number("alpha") or 0.0, 3)
    error = short_number(spectrum.number("alpha_stderr") or 0.0, 2)
    n_tail = int(spectrum.number("n_tail") or 0)
    label = f"power law of {n_tail} values, alpha {alpha} ± {error}"
    axes.plot(*law, color=_TAIL, linewidth=1.4, label=label)


def _scale(axes: Axes, density: np.ndarray, edges: np.ndarray) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    drawn = density[density > 0]
    axes.set_xscale("log")
    axes.set_yscale("log")
    # The density of a square matrix's noise is unbounded near 0: data set the range.
    axes.set_ylim(drawn.min() / 3, drawn.max() * 3)
    axes.set_xlim(edges[0] / 1.3, edges[-1] * 1.3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=6))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
