"""How are the scores of one tensor's weights distributed? Sums, moments, inequality."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SHARES = {"top_01_share": 0.001, "top_1_share": 0.01, "top_10_share": 0.1}
N_OCTAVES = 32
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Summary:
    """One tensor's scores s in few numbers; null where they are not defined.

    `gini` and the shares are of |s|: 0 where all are alike, near 1 where one has all.
    `octave_counts[b]` counts the |s| in (m/2^(b+1), m/2^b] for the largest m; the last
    takes what is smaller, and zeros are in none. All but these counts, the shares,
    skewness and kurtosis scale with s.
    """

    n_values: int
    n_non_finite: int
    n_zero: int
    n_negative: int
    score_sum: float | None = None
    score_abs_sum: float | None = None
    mean: float | None = None
    std: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    min: float | None = None
    max: float | None = None
    abs_max: float | None = None
    gini: float | None = None
    top_01_share: float | None = None
    top_1_share: float | None = None
    top_10_share: float | None = None
    octave_counts: list[int] = field(default_factory=lambda: [0] * N_OCTAVES)


_SCALED = ("score_sum", "score_abs_sum", "mean", "std", "min", "max", "abs_max")


def summarise(scores: Array) -> Summary:
    """Sums, moments, inequality and octaves of an array of any shape and float type."""
    flat = scores.reshape(-1)
    finite = np.isfinite(flat)
    n_non_finite = int(flat.size - np.count_nonzero(finite))
    if n_non_finite:
        flat = flat[finite]
    n = flat.size
    if n == 0:
        return Summary(0, n_non_finite, 0, 0)
    mean, std, skewness, kurtosis = _moments(flat)
    magnitudes = np.sort(np.abs(flat))
    total = float(magnitudes.sum(dtype=np.float64))
    return Summary(
        n_values=n,
        n_non_finite=n_non_finite,
        n_zero=int(np.searchsorted(magnitudes, 0, side="right")),
        n_negative=int(np.count_nonzero(flat < 0)),
        score_sum=mean * n,
        score_abs_sum=total,
        mean=mean,
        std=std,
        skewness=skewness,
        kurtosis=kurtosis,
        min=float(flat.min()),
        max=float(flat.max()),
        abs_max=float(magnitudes[-1]),
        gini=_gini(magnitudes, total),
        **{name: _share(magnitudes, p, total) for name, p in _SHARES.items()},
        octave_counts=_octaves(magnitudes),
    )


def scale(summary: Summary, factor: float) -> Summary:
    """The summary of `factor` times the same scores; the factor is positive."""
    changed: dict[str, Any] = {
        name: None if value is None else value * factor
        for name in _SCALED
        for value in [getattr(summary, name)]
    }
    return replace(summary, **changed)


def _moments(flat: Array) -> tuple[float, float, float | None, float | None]:
    """Mean, population deviation, skewness and excess kurtosis, in float64."""
    n = flat.size
    mean = float(flat.sum(dtype=np.float64) / n)
    second = third = fourth = 0.0
    for first in range(0, n, _CHUNK):
        off = flat[first : first + _CHUNK].astype(np.float64) - mean
        square = off * off
        second += float(square.sum())
        third += float((square * off).sum())
        fourth += float((square * square).sum())
    variance = second / n
    # Rounding of the mean leaves this much even where all values are the same.
    if variance <= (1e-14 * mean) ** 2:
        return mean, 0.0, None, None
    spread = variance**1.5
    if spread == 0 or variance**2 == 0:
        return mean, variance**0.5, None, None
    return mean, variance**0.5, third / n / spread, fourth / n / variance**2 - 3


def _gini(ascending: Array, total: float) -> float | None:
    """Σ(2i − n − 1)x_i / (n Σx) over ascending x."""
    if total == 0:
        return None
    n, weighted = ascending.size, 0.0
    for first in range(0, n, _CHUNK):
        part = ascending[first : first + _CHUNK].astype(np.float64)
        ranks = 2.0 * np.arange(first + 1, first + 1 + part.size) - n - 1
        weighted += float(part @ ranks)
    return min(max(weighted / (n * total), 0.0), 1.0)


def _share(ascending: Array, p: float, total: float) -> float | None:
    """What the largest ⌈p n⌉ have of the whole."""
    if total == 0:
        return None
    k = int(np.ceil(p * ascending.size))
    return min(float(ascending[-k:].sum(dtype=np.float64)) / total, 1.0)


def _octaves(ascending: Array) -> list[int]:
    """Counts by octave below the largest, from the edges' places among the sorted."""
    largest = float(ascending[-1])
    edges = [largest * 2.0 ** -(b + 1) for b in range(N_OCTAVES - 1)] + [0.0]
    below = np.searchsorted(ascending, edges, side="right")
    counts = np.diff(np.concatenate([[ascending.size], below])) * -1
    return [int(one) for one in counts] if largest > 0 else [0] * N_OCTAVES
