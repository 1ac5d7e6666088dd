"""What do the entries of a tensor look like? The statistics of a tally."""

from __future__ import annotations

from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.entries.distribution import Distribution
from pipeline.metrics.entries.tally import Sums
from pipeline.row import Row

QUANTILES_PERMILLE = (1, 10, 50, 250, 750, 950, 990, 999)
NEAR_ZERO_EXPONENTS = (8, 6, 4, 3, 2)
# σ of a normal distribution over its median absolute deviation.
MAD_TO_SIGMA = 1.4826
OUTLIER_SIGMAS = 6.0


def describe(dist: Distribution, sums: Sums | None) -> Row:
    """The columns of `tensor_stats` that follow from counts, keyed by column name.

    `sums` are given for wide dtypes and make moments and extremes exact; values taken
    from the counts are within `dist.resolution`. Statistics without a finite element,
    or beyond float64, are None. `status` is ok, empty, all_non_finite, or overflow
    where squares exceed float64.
    """
    n_finite = dist.n_finite
    n_other = dist.n_nan + dist.n_pos_inf + dist.n_neg_inf
    row: Row = {
        "n_elements": n_finite + n_other,
        "n_finite": n_finite,
        "n_nan": dist.n_nan,
        "n_pos_inf": dist.n_pos_inf,
        "n_neg_inf": dist.n_neg_inf,
        "value_resolution": dist.resolution,
        "is_exact": dist.resolution == 0,
        "n_distinct": dist.values.size if dist.resolution == 0 else None,
        "n_zero": _count_zeros(dist, sums),
        "status": "ok" if n_finite else "all_non_finite" if n_other else "empty",
    }
    if n_finite:
        with np.errstate(over="ignore", invalid="ignore"):
            row |= _moments(dist) if sums is None else _moments_of_sums(sums)
        if not isfinite(row["frobenius_norm"]):
            row["status"] = "overflow"
        row["abs_max"] = max(abs(row["min"]), abs(row["max"]))
        row |= _quantiles(dist)
        row |= _outliers(dist, row)
        row |= _sparsity(dist, row)
    return {name: _finite_or_none(value) for name, value in row.items()}


def _count_zeros(dist: Distribution, sums: Sums | None) -> int:
    if sums is not None:
        return sums.n_zero
    return int(dist.counts[dist.values == 0].sum())


def _moments(dist: Distribution) -> Row:
    x, c = dist.values, dist.counts.astype(np.float64)
    n = c.sum()
    mean = float(c @ x / n)
    d = x - mean
    central = [float(c @ d**k / n) for k in (2, 3, 4)]
    row: Row = {
        "min": float(x[0]),
        "max": float(x[-1]),
        "mean": mean,
        "l1_norm": float(c @ np.abs(x)),
    }
    return row | _norms(float(c @ (x * x)), n) | _shape(x[0] < x[-1], central)


def _moments_of_sums(sums: Sums) -> Row:
    n, shift = sums.n, sums.shift
    l1, s1, s2, _, _ = sums.powers
    # Numpy's floats overflow to Inf, where Python's would raise.
    m1, m2, m3, m4 = np.array(sums.powers[1:]) / n
    # Central moments from moments about the shift, which lies δ = m1 from the mean.
    central = [
        m2 - m1**2,
        m3 - 3 * m1 * m2 + 2 * m1**3,
        m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4,
    ]
    row: Row = {
        "min": sums.low,
        "max": sums.high,
        "mean": float(shift + m1),
        "l1_norm": l1,
    }
    squares = s2 + 2 * shift * s1 + n * np.square(shift)
    return row | _norms(squares, n) | _shape(sums.low < sums.high, central)


def _norms(squares: float, n: float) -> Row:
    squares = max(float(squares), 0.0)
    return {"frobenius_norm": sqrt(squares), "rms": sqrt(squares / n)}


def _shape(is_spread: bool, central: list[float]) -> Row:
    m2, m3, m4 = (float(m) for m in central)
    # A constant has no spread, even where rounding leaves m2 above 0.
    std = sqrt(max(m2, 0.0)) if is_spread else 0.0
    return {
        "std": std,
        "skewness": m3 / std / std / std if std > 0 else None,
        "kurtosis": m4 / std / std / std / std - 3 if std > 0 else None,
    }


def _quantiles(dist: Distribution) -> Row:
    cumulative = np.cumsum(dist.counts)
    row: Row = {
        f"q{permille:03d}": _quantile(dist.values, cumulative, permille / 1000)
        for permille in QUANTILES_PERMILLE
    }
    median = _quantile(dist.values, cumulative, 0.5)
    deviation = np.abs(dist.values - median)
    order = np.argsort(deviation, kind="stable")
    row["median"] = median
    row["mad"] = _quantile(deviation[order], np.cumsum(dist.counts[order]), 0.5)
    p = dist.counts / cumulative[-1]
    row["entropy_bits"] = float(-(p @ np.log2(p))) or 0.0  # never −0
    return row


def _quantile(
    ascending: NDArray[np.float64], cumulative: NDArray[np.int64], share: float
) -> float:
    """inf{x : F(x) ≥ share}."""
    rank = max(int(np.ceil(share * cumulative[-1])), 1)
    return float(ascending[np.searchsorted(cumulative, rank)])


def _outliers(dist: Distribution, row: Row) -> Row:
    def beyond(centre: float, radius: float) -> float:
        far = np.abs(dist.values - centre) > radius
        return float(dist.counts[far].sum() / dist.n_finite)

    def outside(k: float) -> float:
        low, high = row["q250"], row["q750"]
        fence = k * (high - low)
        far = (dist.values < low - fence) | (dist.values > high + fence)
        return float(dist.counts[far].sum() / dist.n_finite)

    sigma = row["std"]
    robust_sigma = MAD_TO_SIGMA * row["mad"]
    return {
        "outlier_6_sigma_fraction": beyond(row["mean"], OUTLIER_SIGMAS * sigma),
        "outlier_mad_fraction": beyond(row["median"], OUTLIER_SIGMAS * robust_sigma),
        "outlier_iqr_1_5_fraction": outside(1.5),
        "outlier_iqr_3_fraction": outside(3.0),
    }


def _sparsity(dist: Distribution, row: Row) -> Row:
    magnitude = np.abs(dist.values)
    abs_max = row["abs_max"]
    fractions: Row = {
        f"below_1e_{exponent}_fraction": float(
            dist.counts[magnitude <= 10.0**-exponent * abs_max].sum() / dist.n_finite
        )
        for exponent in NEAR_ZERO_EXPONENTS
    }
    fractions["zero_fraction"] = row["n_zero"] / dist.n_finite
    return fractions


def _finite_or_none(value: object) -> object:
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
