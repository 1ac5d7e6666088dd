"""What do a site's sums say? Statistics of the site, and of each of its dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.columns import Columns
from pipeline.metrics.activations.firing import (
    active_octave,
    count_active,
    is_always_on,
    is_dead,
    wilson,
)
from pipeline.metrics.activations.histogram import (
    Spread,
    best_clip,
    compressible_fraction,
    sparsity_curve,
)

Row = dict[str, Any]
F64 = NDArray[np.float64]

SPARSITY_SHARES = tuple(k / 20 for k in range(1, 20))
# Sun et al., arXiv 2402.17762: above 100, and a thousand times the median magnitude.
MASSIVE_SIZE, MASSIVE_RATIO = 100.0, 1000.0
# A dimension is an outlier when its rms is this many times the median dimension's.
OUTLIER_RATIO = 6.0
_MOST_LISTED = 32


def summarise_site(columns: Columns) -> Row:
    """The numbers of all values of a site; null where nothing finite was seen."""
    moments = columns.moments.pooled()
    spread = Spread.of(columns.fine)
    n = int(moments.n[0])
    row: Row = {
        "n_dimensions": columns.n_columns,
        "n_values": n,
        "n_non_finite": int(columns.n_non_finite.sum()),
    }
    if not n:
        return row | {"status": "non_finite" if row["n_non_finite"] else "empty"}
    abs_max = float(columns.abs_max.max())
    sizes = spread.magnitudes()
    median = sizes.quantile(0.5)
    row |= {
        "status": "non_finite" if row["n_non_finite"] else "ok",
        "mean": float(moments.mean[0]),
        "std": float(moments.std[0]),
        "skewness": _known(moments.skewness[0]),
        "kurtosis": _known(moments.kurtosis[0]),
        "min": float(columns.low[columns.moments.n > 0].min()),
        "max": float(columns.high[columns.moments.n > 0].max()),
        "abs_max": abs_max,
        "rms": float(moments.rms[0]),
        "abs_median": median,
        "abs_q990": sizes.quantile(0.99),
        "abs_q999": sizes.quantile(0.999),
        "positive_fraction": float(columns.n_positive.sum() / n),
        "zero_fraction": float(spread.counts[spread.values == 0].sum() / n),
        "compressible_fraction": compressible_fraction(spread),
        "energy_lost": sparsity_curve(spread, SPARSITY_SHARES),
        "values": spread.values.astype(np.float32).tolist(),
        "counts": spread.counts.tolist(),
    }
    return row | _rounding(spread, abs_max) | _odd_dimensions(columns, median)


def _rounding(spread: Spread, abs_max: float) -> Row:
    row: Row = {}
    for bits in (8, 4):
        clip = best_clip(spread, abs_max, bits)
        if clip is not None:
            row |= {
                f"int{bits}_clip": clip.clip,
                f"int{bits}_error": clip.error,
                f"int{bits}_unclipped_error": clip.unclipped,
            }
    return row


def _odd_dimensions(columns: Columns, median: float | None) -> Row:
    """Massive activations, outlier dimensions, and how much dimensions' ranges vary."""
    abs_max, rms = columns.abs_max, columns.moments.rms
    least = max(MASSIVE_SIZE, MASSIVE_RATIO * (median or 0.0))
    massive = np.flatnonzero(abs_max > least)
    middle = float(np.median(rms))
    outliers = np.flatnonzero((rms > OUTLIER_RATIO * middle) & (middle > 0))
    middle_range = float(np.median(abs_max))
    return {
        "massive_ratio": float(abs_max.max() / median) if median else None,
        "n_massive": len(massive),
        "massive_dimensions": _largest(massive, abs_max),
        "n_outliers": len(outliers),
        "outlier_dimensions": _largest(outliers, rms),
        "range_ratio": float(abs_max.max() / middle_range) if middle_range else None,
    }


def _largest(places: NDArray[np.int64], sizes: F64) -> list[int]:
    ordered = places[np.argsort(-sizes[places], kind="stable")]
    return [int(one) for one in ordered[:_MOST_LISTED]]


def summarise_firing(columns: Columns, rms: float) -> Row:
    """How many neurons are dead or always on, and the threshold of being active."""
    k = active_octave(rms)
    rates = _rates(columns, k)
    n = columns.n_columns
    n_dead, n_on = int(rates["is_dead"].sum()), int(rates["is_always_on"].sum())
    return {
        "active_threshold": 2.0**k,
        "active_fraction": float(np.nanmean(rates["active_rate"])) if n else None,
        "n_dead": n_dead,
        "n_always_on": n_on,
        "dead_fraction": n_dead / n,
        "always_on_fraction": n_on / n,
    }


def _rates(columns: Columns, k: int) -> dict[str, NDArray[Any]]:
    n = columns.moments.n
    safe = np.maximum(n, 1)
    low, high = wilson(columns.n_positive, n)
    found: dict[str, NDArray[Any]] = {
        "positive_rate": np.where(n > 0, columns.n_positive / safe, np.nan),
        "positive_low": low,
        "positive_high": high,
    }
    if columns.octaves is not None:
        n_active = count_active(columns.octaves, k)
        active_low, active_high = wilson(n_active, n)
        found |= {
            "active_rate": np.where(n > 0, n_active / safe, np.nan),
            "active_low": active_low,
            "active_high": active_high,
            "is_dead": is_dead(active_high),
            "is_always_on": is_always_on(low),
        }
    return found


def neuron_rows(columns: Columns, rms: float) -> Iterator[Row]:
    """One row per dimension, in order; the tokens of `tops` come as numbers."""
    moments, n = columns.moments, columns.moments.n
    safe = np.maximum(n, 1)
    mean_abs = np.where(n > 0, columns.sum_abs / safe, np.nan)
    fired = np.maximum(columns.n_positive, 1)
    seen = n > 0
    numbers: dict[str, NDArray[Any]] = {
        "mean": np.where(seen, moments.mean, np.nan),
        "std": np.where(seen, moments.std, np.nan),
        "skewness": moments.skewness,
        "kurtosis": moments.kurtosis,
        "min": np.where(seen, columns.low, np.nan),
        "max": np.where(seen, columns.high, np.nan),
        "abs_max": np.where(seen, columns.abs_max, np.nan),
        "rms": np.where(seen, moments.rms, np.nan),
        "mean_abs": mean_abs,
        "positive_mean": np.where(
            columns.n_positive > 0, columns.sum_positive / fired, np.nan
        ),
    } | _rates(columns, active_octave(rms))
    lists = {name: _listed(values) for name, values in numbers.items()}
    ranks = _ranks(mean_abs)
    for j in range(columns.n_columns):
        row: Row = {name: values[j] for name, values in lists.items()}
        row |= {
            "neuron": j,
            "n_values": int(n[j]),
            "n_non_finite": int(columns.n_non_finite[j]),
            "mean_abs_rank": ranks[j],
        }
        if columns.tops is not None:
            kept = np.isfinite(columns.tops.values[j])
            row["top_values"] = columns.tops.values[j][kept].tolist()
            row["top_places"] = columns.tops.tokens[j][kept].tolist()
        yield row


def _ranks(values: F64) -> list[int | None]:
    """Ranks from 1 for the largest value; None for NaN."""
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    ranks = np.empty(values.size, np.int64)
    ranks[order] = np.arange(1, values.size + 1)
    return [
        int(rank) if is_known else None
        for rank, is_known in zip(ranks, np.isfinite(values), strict=True)
    ]


def _listed(values: NDArray[Any]) -> list[Any]:
    if values.dtype.kind != "f":
        return values.tolist()
    return [float(v) if np.isfinite(v) else None for v in values]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
