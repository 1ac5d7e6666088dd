"""Which curves does a picture of one spectrum have? The frame as densities of λ."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import MOST_DRAWABLE, short_number

if TYPE_CHECKING:
    import polars as pl

# Eigenvalues below this share of the largest are rounding: counted, but not drawn.
_LEAST_SHARE = 1e-12
# Curves multiply two of them.
_MOST = MOST_DRAWABLE**0.5
_MOST_BINS, _FEWEST_BINS = 48, 12
_N_POINTS = 400

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """One matrix view: `lam`, positive and descending; `n_left_out` are not drawn.

    `facts` holds the columns of query `esd` that are the same in every row.
    """

    title: str
    name: str
    lam: Reals
    n_left_out: int
    facts: dict[str, object]

    @property
    def n_values(self) -> int:
        return self.lam.size + self.n_left_out

    @property
    def sides(self) -> tuple[int, int]:
        """The larger and the smaller side of the matrix."""
        sizes = int(self.number("n_rows") or 1), int(self.number("n_cols") or 1)
        return max(sizes), min(sizes)

    def number(self, name: str) -> float | None:
        """A fact as a number that can be drawn, or None."""
        value = self.facts[name]
        if not isinstance(value, int | float) or not abs(value) < _MOST:
            return None
        return float(value)

    def histogram(self) -> tuple[Reals, Reals]:
        """Density of λ, normalised over all values, and the edges of its bins."""
        n = int(np.clip(3 * sqrt(self.lam.size), _FEWEST_BINS, _MOST_BINS))
        low, high = float(self.lam[-1]), float(self.lam[0])
        edges = np.geomspace(low / 1.02, high * 1.02, n + 1)
        counts, _ = np.histogram(self.lam, edges)
        return counts / np.diff(edges) / self.n_values, edges

    def noise(self, sigma: float) -> tuple[Reals, Reals]:
        """λ and density of noise whose entries have standard deviation `sigma`.

        Marchenko & Pastur 1967, λ not divided by the larger side N.
        """
        n_large, n_small = self.sides
        root, unit = sqrt(n_small / n_large), sigma**2 * n_large
        low, high = unit * (1 - root) ** 2, unit * (1 + root) ** 2
        start = max(low, float(self.lam[-1]) / 2, high * 1e-6)
        lam = np.geomspace(start, high, _N_POINTS)
        inside = np.maximum((high - lam) * (lam - low), 0.0)
        return lam, np.sqrt(inside) / (2 * pi * root**2 * unit * lam)

    def power_law(self) -> tuple[Reals, Reals] | None:
        """λ and density of the fitted tail, None without a fit."""
        alpha, xmin = self.number("alpha"), self.number("alpha_xmin")
        n_tail = self.number("n_tail")
        if alpha is None or xmin is None or n_tail is None or xmin <= 0:
            return None
        lam = np.array([xmin, float(self.lam[0])])
        share = n_tail / self.n_values
        return lam, share * (alpha - 1) / xmin * (lam / xmin) ** -alpha


def as_spectrum(frame: pl.DataFrame) -> Spectrum | None:
    """A result of query `esd` as one spectrum; None without an eigenvalue to draw.

    Raises UsageError when it holds several views.
    """
    if frame.is_empty():
        return None
    view = only(frame, "view")
    lam = np.sort(frame["eigenvalue"].to_numpy().astype(np.float64))[::-1]
    drawn = lam[(lam > 1 / _MOST) & (lam < _MOST)]
    kept = drawn[drawn >= _LEAST_SHARE * drawn.max(initial=0)]
    if not kept.size:
        return None
    facts = frame.row(0, named=True)
    tensor = only(frame, "tensor")
    return Spectrum(
        title=f"{only(frame, 'model')}@{only(frame, 'revision')}",
        name=tensor if view == "whole" else f"{tensor} [{view}]",
        lam=kept,
        n_left_out=lam.size - kept.size,
        facts=facts,
    )


def say_verdict(spectrum: Spectrum) -> str:
    """The verdict against noise with its q-value, in words."""
    words = {
        "structured": "differs from noise of its shape",
        "constant": "one singular value, up to rounding",
        "noise": "no different from noise of its shape",
        "not_normal": "entries too far from normal to compare with noise",
        "untested": "not compared with noise",
    }
    verdict = words.get(str(spectrum.facts["verdict"]), "not compared with noise")
    q = spectrum.number("q_value")
    return verdict if q is None else f"{verdict} (q = {short_number(q, 2)})"
