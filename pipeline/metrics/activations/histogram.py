"""How are values spread over magnitudes? Counts by sign and eighth of an octave.

A bin is the upper twelve bits of a float32: two histograms are added bin by bin, and
quantiles, sparsity and clipping are computed from the sum without running the model
again. Every bin stands for its middle, which is within 6.25 % of its values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.counting import N_FINE

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# Half the width of a bin over its middle, at most.
RESOLUTION = 0.0625
# Shares of the largest clip tried, as for weights: a grid, not an optimum.
CLIPS = tuple(2.0 ** -(k / 4) for k in range(29))


@dataclass(frozen=True)
class Spread:
    """The occupied bins, ascending: their middles and how many values each holds."""

    values: F64
    counts: I64

    @classmethod
    def of(cls, fine: I64) -> Spread:
        values = bin_middles()
        kept = (fine > 0) & np.isfinite(values)
        order = np.argsort(values[kept], kind="stable")
        # +0 and −0 are two bins of one value.
        found, places = np.unique(values[kept][order], return_inverse=True)
        counts = np.zeros(found.size, np.int64)
        np.add.at(counts, places, fine[kept][order])
        return cls(found, counts)

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def magnitudes(self) -> Spread:
        """The spread of |x|."""
        found, places = np.unique(np.abs(self.values), return_inverse=True)
        counts = np.zeros(found.size, np.int64)
        np.add.at(counts, places, self.counts)
        return Spread(found, counts)

    def quantile(self, share: float) -> float | None:
        """The least value with at least this share of all at or below it."""
        if not self.n:
            return None
        below = np.cumsum(self.counts)
        return float(self.values[np.searchsorted(below, share * self.n, side="left")])

    def share_below(self, threshold: float) -> float | None:
        """The share of values strictly below a threshold, in whole bins."""
        if not self.n:
            return None
        return float(self.counts[self.values < threshold].sum() / self.n)


@cache
def bin_middles() -> F64:
    """The value that each bin stands for; NaN or Inf for bins of non-finite values."""
    places = np.arange(N_FINE)
    sign = np.where(places >> 11 == 1, -1.0, 1.0)
    exponent, eighth = (places >> 3) & 0xFF, places & 7
    sizes = np.ldexp(1 + (eighth + 0.5) / 8, exponent - 127)
    # The bins next to 0 hold zeros and values below 1e-38: they stand for 0.
    sizes[exponent == 0] = 0.0
    sizes[exponent == 0xFF] = np.nan
    return sign * sizes


def sparsity_curve(spread: Spread, shares: tuple[float, ...]) -> list[float] | None:
    """The share of Σx² lost when a share of the values, smallest |x| first, is zeroed.

    TEAL (arXiv 2408.14690) sets a tensor's smallest activations to zero; the cost is
    their energy. One number for each of `shares`.
    """
    sizes = spread.magnitudes()
    energy = sizes.counts * sizes.values**2
    total = energy.sum()
    if not spread.n or total <= 0:
        return None
    below = np.concatenate([[0.0], np.cumsum(sizes.counts)]) / spread.n
    lost = np.concatenate([[0.0], np.cumsum(energy)]) / total
    return [float(np.interp(share, below, lost)) for share in shares]


def compressible_fraction(spread: Spread, lost: float = 0.01) -> float | None:
    """The share of values, smallest first, that carry this share of Σx²."""
    sizes = spread.magnitudes()
    energy = sizes.counts * sizes.values**2
    total = energy.sum()
    if not spread.n or total <= 0:
        return None
    carried = np.concatenate([[0.0], np.cumsum(energy)]) / total
    below = np.concatenate([[0.0], np.cumsum(sizes.counts)]) / spread.n
    # The last place whose cumulated energy is at most `lost`; zeros cost nothing.
    last = int(np.searchsorted(carried, lost, side="right")) - 1
    if last + 1 >= carried.size:
        return 1.0
    step = (lost - carried[last]) / (carried[last + 1] - carried[last])
    return float(below[last] + step * (below[last + 1] - below[last]))


@dataclass(frozen=True)
class Clip:
    """The best clip before rounding to few bits, and the error of rounding after it.

    `error` is Σ(x − q(x))² / Σx² at the best clip, `unclipped` without clipping.
    """

    clip: float
    error: float
    unclipped: float


def best_clip(spread: Spread, abs_max: float, bits: int) -> Clip | None:
    """The symmetric clip with the least squared error of all in CLIPS, by bins.

    Within a bin wider than a step the error of rounding is step²/12, its expectation
    for values that lie evenly; narrower bins are rounded at their middles.
    """
    total = float((spread.counts * spread.values**2).sum())
    if abs_max <= 0 or total <= 0:
        return None
    top = 2 ** (bits - 1) - 1
    errors = [
        _rounding_error(spread, abs_max * share, abs_max * share / top) / total
        for share in CLIPS
    ]
    best = int(np.argmin(errors))
    return Clip(abs_max * CLIPS[best], errors[best], errors[0])


def _rounding_error(spread: Spread, clip: float, step: float) -> float:
    x, counts = spread.values, spread.counts
    inside = np.clip(x, -clip, clip)
    error = (x - np.round(inside / step) * step) ** 2
    is_wide = (np.abs(x) * 2 * RESOLUTION > step) & (np.abs(x) <= clip)
    error = np.where(is_wide, step**2 / 12, error)
    return float((counts * error).sum())
