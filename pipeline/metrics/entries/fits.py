"""Which law do the entries follow? Normal, Laplace, logistic or Student's t.

Laws are fitted by maximum likelihood on the counts. At 10⁷ values every p-value is 0,
so none is given: the KS distance measures how far a law is off, and the AIC selects the
nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erf, lgamma, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.entries.distribution import Distribution
from pipeline.row import Row

Reals = NDArray[np.float64]
Law = tuple[float, Reals, int]

MIN_ELEMENTS = 32

# The counts are merged to cells whose odds F/(1 − F) span this share of an octave. The
# few hundred cells are fine enough in the tails, and a fit takes milliseconds.
_CELLS_AN_OCTAVE = 12
_DEGREES = np.geomspace(1.0, 200.0, 24)
_ITERATIONS = 15
_ANGLES = 4001

LAWS = ("normal", "laplace", "logistic", "student_t")


def fit_laws(dist: Distribution) -> Row:
    """Columns of `tensor_stats` on laws, by column name; empty when there is no spread.

    `*_ks_distance` is max |F_n − F|, `*_aic_gain` the normal law's AIC minus the law's,
    per element, in nats: positive is better, and free of scale. `best_fit` has the
    smallest AIC; `student_t_df` runs from 1 to 200, where t is as good as normal.
    """
    n = dist.n_finite
    if n < MIN_ELEMENTS or dist.values.size < 3:
        return {}
    share = dist.counts / n
    centre = float(share @ dist.values)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = sqrt(float(share @ (dist.values - centre) ** 2))
    if not 0 < spread < np.inf:
        return {}
    exact = (dist.values - centre) / spread
    median = float(exact[np.searchsorted(np.cumsum(share), 0.5)])
    z, weight = _cells(exact, share)
    df, student = _fit_student(z, weight)
    laws: dict[str, Law] = {
        "normal": _fit_normal(z, weight),
        "laplace": _fit_laplace(z, weight, median),
        "logistic": _fit_logistic(z, weight),
        "student_t": student,
    }
    return {"student_t_df": df} | _compare(laws, weight, n)


def _compare(laws: dict[str, Law], weight: Reals, n: int) -> Row:
    below = np.cumsum(weight) - weight
    aic = {name: 2 * k / n - 2 * mean for name, (mean, _, k) in laws.items()}
    row: Row = {"best_fit": min(aic, key=lambda name: aic[name])}
    for name, (_, cdf, _) in laws.items():
        # The distribution inside a cell is not known, so its middle is compared.
        row[f"{name}_ks_distance"] = float(np.abs(cdf - below - weight / 2).max())
        if name != "normal":
            row[f"{name}_aic_gain"] = aic["normal"] - aic[name]
    return row


def _cells(z: Reals, share: Reals) -> tuple[Reals, Reals]:
    """Means and weights of neighbouring values, merged to cells."""
    middle = np.cumsum(share) - share / 2
    odds = np.log2(middle / np.maximum(1 - middle, share[-1] / 4))
    cell = np.floor(odds * _CELLS_AN_OCTAVE)
    starts = np.flatnonzero(np.diff(cell, prepend=cell[0] - 1))
    weight = np.add.reduceat(share, starts)
    return np.add.reduceat(share * z, starts) / weight, weight


def _fit_normal(z: Reals, weight: Reals) -> Law:
    """The standard normal, as z has mean 0 and standard deviation 1."""
    # From the cells, although exact sums are known: the error of merging is then the
    # same for all laws.
    mean = -0.5 * log(2 * pi) - 0.5 * float(weight @ z**2)
    return mean, np.array([0.5 * (1 + erf(v / sqrt(2))) for v in z]), 2


def _fit_laplace(z: Reals, weight: Reals, median: float) -> Law:
    d = z - median
    scale = float(weight @ np.abs(d))
    tail = 0.5 * np.exp(-np.abs(d) / scale)
    return -log(2 * scale) - 1, np.where(d < 0, tail, 1 - tail), 2


def _fit_logistic(z: Reals, weight: Reals) -> Law:
    """By iteratively reweighted least squares: the score is tanh(d / 2s)."""
    centre, scale = 0.0, sqrt(3) / pi
    for _ in range(_ITERATIONS):
        d = z - centre
        pull = _ratio(lambda u: np.tanh(u / 2), d / scale)
        centre += float(weight @ (pull * d)) / float(weight @ pull)
        d = z - centre
        scale = float(weight @ (d * np.tanh(d / (2 * scale))))
    u = np.abs(z - centre) / scale
    mean = float(weight @ (-u - 2 * np.log1p(np.exp(-u)))) - log(scale)
    return mean, 0.5 * (1 + np.tanh((z - centre) / (2 * scale))), 2


def _ratio(score: Callable[[Reals], Reals], u: Reals) -> Reals:
    """score(u) / u, with its limit ½ at 0."""
    small = np.abs(u) < 1e-8
    return np.where(small, 0.5, score(u) / np.where(small, 1.0, u))


def _fit_student(z: Reals, weight: Reals) -> tuple[float, Law]:
    """Fit centre and scale by EM for a grid of degrees of freedom at once."""
    df = _DEGREES[:, None]
    centre, variance = np.zeros_like(df), np.ones_like(df)
    for _ in range(_ITERATIONS):
        pull = (df + 1) / (df + (z - centre) ** 2 / variance)
        centre = (pull @ (weight * z))[:, None] / (pull @ weight)[:, None]
        variance = ((pull * (z - centre) ** 2) @ weight)[:, None]
    d2 = (z - centre) ** 2 / variance
    constant = np.array(
        [lgamma((v + 1) / 2) - lgamma(v / 2) - 0.5 * log(v * pi) for v in _DEGREES]
    )
    spread = 0.5 * np.log(variance[:, 0])
    means = constant - spread - (np.log1p(d2 / df) @ weight) * (_DEGREES + 1) / 2
    best = int(np.argmax(means))
    scaled = (z - centre[best]) / np.sqrt(variance[best])
    cdf = _student_cdf(scaled, float(_DEGREES[best]))
    return float(_DEGREES[best]), (float(means[best]), cdf, 3)


def _student_cdf(t: Reals, df: float) -> Reals:
    """F(t) = ∫ cos^(ν−1) θ dθ up to atan(t/√ν), divided by the whole integral."""
    theta = np.linspace(-pi / 2, pi / 2, _ANGLES)
    height = np.cos(theta) ** (df - 1)
    height[[0, -1]] = 0.0 if df > 1 else 1.0
    area = np.concatenate([[0.0], np.cumsum((height[1:] + height[:-1]) / 2)])
    return np.interp(np.arctan(t / sqrt(df)), theta, area / area[-1])
