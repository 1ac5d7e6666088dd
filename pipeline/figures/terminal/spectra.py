"""How do spectra look in a terminal? Bars by eigenvalue, lines by layer."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.charts.depth import as_depth_lines
from pipeline.figures.shared.eigenvalues import Spectrum, as_spectrum, say_verdict
from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import label_of, short_number
from pipeline.figures.terminal.glyphs import bar, column, cut, spark
from pipeline.figures.terminal.sketch import DEFAULT_WIDTH

if TYPE_CHECKING:
    import polars as pl

_MOST_BARS = 24
_NUMBER = 9


def sketch_esd(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A bar per bin of λ; the noise edge and the start of the tail are marked."""
    spectrum = as_spectrum(frame)
    if spectrum is None:
        return "Nothing to draw: there is no eigenvalue that an axis can show.\n"
    n_bars = min(_MOST_BARS, max(spectrum.lam.size, 2))
    edges = np.geomspace(spectrum.lam[-1] / 1.02, spectrum.lam[0] * 1.02, n_bars + 1)
    counts, _ = np.histogram(spectrum.lam, edges)
    lines = [
        f"eigenvalues of {spectrum.name}, {spectrum.title}",
        say_verdict(spectrum),
        _say_fits(spectrum),
    ]
    room = max(width - 2 * _NUMBER - 24, 4)
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        marks = " ".join(_marks(spectrum, low, high))
        drawn = column(bar(count / counts.max(), room), room)
        lines.append(f"{short_number(low, 3):>{_NUMBER}} {count:>6} {drawn} {marks}")
    if spectrum.n_left_out:
        lines.append(f"left out: {spectrum.n_left_out}")
    return "\n".join(cut(line.rstrip(), width) for line in lines) + "\n"


def sketch_depth(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A sparkline per component over the layers, and its number of noise points."""
    lines = as_depth_lines(frame)
    finite = [line.values[np.isfinite(line.values)] for line in lines]
    if not any(each.size for each in finite):
        return "Nothing to draw: no matrix in a layer has such a value.\n"
    metric, left = only(frame, "metric"), max(len(line.component) for line in lines) + 1
    title = f"{only(frame, 'model')}@{only(frame, 'revision')}"
    text = [
        f"{label_of(metric)} by layer, {title}",
        f"{'':<{left}}{'first':>{_NUMBER}}{'last':>{_NUMBER}}{'noise':>{_NUMBER}}",
    ]
    room = max(width - left - 3 * _NUMBER - 1, 4)
    for line, values in zip(lines, finite, strict=True):
        ends = [short_number(values[end]) if values.size else "" for end in (0, -1)]
        noise = f"{int(line.is_noise.sum())} of {line.layers.size}"
        cells = "".join(f"{cell:>{_NUMBER}}" for cell in (*ends, noise))
        text.append(f"{line.component:<{left}}{cells} {spark(line.values, room)}")
    return "\n".join(cut(line.rstrip(), width) for line in text) + "\n"


def _say_fits(spectrum: Spectrum) -> str:
    alpha, n_spikes = spectrum.number("alpha"), spectrum.number("n_spikes")
    tail = "no power law fitted"
    if alpha is not None:
        tail = f"alpha {short_number(alpha, 3)} over {spectrum.facts['n_tail']} values"
    if n_spikes is None:
        return tail
    return f"{tail}; {int(n_spikes)} above the noise edge"


def _marks(spectrum: Spectrum, low: float, high: float) -> list[str]:
    names = {"mp_edge": "noise edge", "alpha_xmin": "tail begins"}
    places = {text: spectrum.number(name) for name, text in names.items()}
    return [
        f"← {text}"
        for text, value in places.items()
        if value is not None and low <= value < high
    ]
