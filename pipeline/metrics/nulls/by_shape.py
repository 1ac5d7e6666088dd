"""Could noise have a spectrum of this shape? A comparison with drawn noise spectra.

Metrics of shape do not depend on scale, so one set of draws of N(0, 1) serves every
matrix of N×M. Rounding to a float dtype keeps the entries independent and changes
their fourth moment by less than 1 %, so the draws serve every dtype. They do not serve
entries far from normal; `null_kind` marks these matrices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.nulls.largest import (
    LargestLaw,
    draw_largest,
    fit_largest,
    largest_p,
)
from pipeline.metrics.nulls.noise import draw_noise
from pipeline.metrics.spectra.spectrum import shape_metrics
from pipeline.metrics.tails.tail import MIN_SIDE, describe_tail
from pipeline.row import Row

# To be raised when the definition of a metric below or the law of the draws changes.
NULLS_VERSION = 3

NULL_METRICS = (
    "alpha",
    "alpha_hill",
    "stable_rank",
    "effective_rank",
    "participation_ratio",
    "spectral_entropy",
    "mp_softrank",
)

# ln(λ₁/Σλ) is drawn separately, and far more often: it is the evidence of a single
# eigenvalue.
LARGEST = "ln_largest_share"

# The evidence in `noise_p`: the largest eigenvalue, the only metric that one planted
# direction changes, and the metrics of bulk and ranks.
_BULK_METRICS = ("effective_rank", "participation_ratio", "mp_softrank")
_LARGEST_WEIGHT = 0.8

SEED = 20_211

# 200 draws where they are cheap; larger shapes have fewer, and their p-values rest on z
# more than on ranks.
_MOST_DRAWS, _FEWEST_DRAWS, _CHEAP_SIDE = 200, 40, 512

# Independent entries of excess kurtosis κ shift the metrics' means by 0.3 to 0.6·κ
# standard deviations, measured from 64×8 to 1000×40. Uniform entries, as initialisers
# draw them, have κ = −1.2 and must not be called trained for that reason.
MOST_KURTOSIS = 1.25
_BULK_SHIFT = 0.6

Shape = tuple[int, int]


@dataclass(frozen=True)
class Null:
    """Each metric's values in noise of one shape, ascending; fewer where undefined."""

    n_large: int
    n_small: int
    seed: int
    draws: Mapping[str, NDArray[np.float64]]

    @cached_property
    def largest(self) -> LargestLaw:
        """The law of the largest eigenvalue's share."""
        return fit_largest(self.draws[LARGEST], self.n_small)


Nulls = Mapping[Shape, Null]


def shape_of(n_rows: int, n_cols: int) -> Shape:
    """Larger side, smaller side: a matrix and its transpose share their null."""
    return max(n_rows, n_cols), min(n_rows, n_cols)


def has_null(shape: Shape) -> bool:
    """Whether the smaller side is long enough for the metrics to be defined."""
    return shape[1] >= MIN_SIDE


def count_draws(shape: Shape) -> int:
    """How many draws a null of this shape has."""
    scaled = _MOST_DRAWS * (_CHEAP_SIDE / shape[1]) ** 2
    return int(min(max(scaled, _FEWEST_DRAWS), _MOST_DRAWS))


def draw_metrics(shape: Shape, draw: int, *, seed: int = SEED) -> Row:
    """NULL_METRICS of one draw; the same for the same arguments, in any order."""
    rng = np.random.default_rng([seed, *shape, draw])
    sigma = draw_noise(*shape, rng)
    row = shape_metrics(sigma) | describe_tail(sigma, n_rows=shape[0], n_cols=shape[1])
    return {name: row.get(name) for name in NULL_METRICS}


def gather_null(shape: Shape, rows: list[Row], *, seed: int = SEED) -> Null:
    """The null made from the rows of all draws."""
    draws = {
        name: np.sort([row[name] for row in rows if row[name] is not None])
        for name in NULL_METRICS
    }
    rng = np.random.default_rng([seed, *shape])
    return Null(*shape, seed, draws | {LARGEST: draw_largest(*shape, rng)})


def compare_with_null(row: Row, null: Null | None, kurtosis: float | None) -> Row:
    """null_kind, noise_p, and z and p by metric, of a matrix with these metrics.

    `kurtosis` is the excess kurtosis of the matrix's entries, None where undefined.
    Entries too far from normal have no noise_p, as no p-value would be valid.
    """
    if null is None or row.get("stable_rank") is None:
        return {}
    is_near_normal = abs(kurtosis or 0.0) <= MOST_KURTOSIS
    compared: Row = {"null_kind": "gaussian" if is_near_normal else "gaussian_misfit"}
    for name in NULL_METRICS:
        draws, value = null.draws[name], row.get(name)
        spread = float(draws.std(ddof=1)) if draws.size > 1 else 0.0
        if value is None or spread == 0:
            continue
        z = (value - float(draws.mean())) / spread
        compared[f"{name}_null_z"] = z
        compared[f"{name}_null_p"] = null_p(value, z, draws)
    if is_near_normal:
        largest = largest_p(row["stable_rank"], null.largest, kurtosis)
        compared["largest_p"] = largest
        compared["noise_p"] = _noise_p(compared, largest, null, kurtosis or 0.0)
    return compared


def _noise_p(compared: Row, largest: float, null: Null, kurtosis: float) -> float:
    """P of the whole spectrum: the smaller p of two kinds of evidence, with Bonferroni.

    In noise of one shape the bulk's metrics are nearly normal: they are compared by
    Student's t with the draws, after subtracting the largest shift that entries of this
    kurtosis cause. Most of the level is given to the largest eigenvalue.
    """
    from scipy.special import stdtr

    smallest = 1.0
    for name in _BULK_METRICS:
        z, n = compared.get(f"{name}_null_z"), null.draws[name].size
        if z is not None:
            away = max(abs(z) - _BULK_SHIFT * abs(kurtosis), 0.0) / sqrt(1 + 1 / n)
            smallest = min(smallest, 2 * float(stdtr(n - 1, -away)))
    of_bulk = len(_BULK_METRICS) * smallest / (1 - _LARGEST_WEIGHT)
    return min(1.0, largest / _LARGEST_WEIGHT, of_bulk)


def null_p(value: float, z: float, draws: NDArray[np.float64]) -> float:
    """Two-sided p of a value among ascending draws.

    By rank p is twice the smaller tail, counting the value itself, and cannot fall
    below 2 / (n + 1). The Vysochanskij–Petunin bound 4 / 9z² holds for every law with
    one mode. The smaller of both is returned.
    """
    n_below = int(np.searchsorted(draws, value, "right"))
    n_above = draws.size - int(np.searchsorted(draws, value, "left"))
    by_rank = 2 * (1 + min(n_below, n_above)) / (draws.size + 1)
    by_bound = 4 / (9 * z**2) if abs(z) > sqrt(8 / 3) else 1.0
    return min(by_rank, by_bound, 1.0)
