"""From counts of patterns to a distribution of numbers: ascending values and counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.arrays.decode import code_values, is_coded
from pipeline.metrics.entries.counting import N_CODES
from pipeline.metrics.entries.tally import Tally

# The upper half of a float32 has 7 of its 23 mantissa bits: bins are 2⁻⁷ to 2⁻⁸ wide
# relative to their values, and each is represented by its middle.
WIDE_RESOLUTION = 2.0**-8


@dataclass(frozen=True)
class Distribution:
    """The finite values of a tensor, ascending and distinct, with their counts.

    `resolution` is 0 where the values are exact; else a value is within `resolution`,
    relative, of every element it stands for.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    n_nan: int
    n_pos_inf: int
    n_neg_inf: int
    resolution: float

    @property
    def n_finite(self) -> int:
        return int(self.counts.sum())


def distribution(tally: Tally) -> Distribution:
    """Order the counts of a tally by the number that each pattern stands for."""
    order, numbers = _finite_patterns(tally.dtype)
    counts = _with_one_zero(tally.counts, tally.dtype)[order]
    seen = counts > 0
    values, counts = numbers[seen], counts[seen]
    if tally.sums is None:
        return Distribution(values, counts, *_count_non_finite(tally), 0.0)
    sums = tally.sums
    # The middles of the first and last bin may lie beyond the smallest and largest
    # element.
    values = np.clip(values, sums.low, sums.high)
    non_finite = sums.n_nan, sums.n_pos_inf, sums.n_neg_inf
    return Distribution(values, counts, *non_finite, WIDE_RESOLUTION)


def _count_non_finite(tally: Tally) -> tuple[int, int, int]:
    numbers = code_values(tally.dtype)
    kinds = np.isnan(numbers), numbers == np.inf, numbers == -np.inf
    nan, pos_inf, neg_inf = (int(tally.counts[kind].sum()) for kind in kinds)
    return nan, pos_inf, neg_inf


def _with_one_zero(counts: NDArray[np.int64], dtype: str) -> NDArray[np.int64]:
    """Count −0 as +0, which is pattern 0 in every dtype."""
    zeros = _zero_patterns(dtype)
    if zeros.size < 2:
        return counts
    merged = counts.copy()
    merged[zeros[0]] = counts[zeros].sum()
    merged[zeros[1:]] = 0
    return merged


@cache
def _zero_patterns(dtype: str) -> NDArray[np.int64]:
    return np.flatnonzero(_numbers(dtype) == 0)


@cache
def _finite_patterns(dtype: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The patterns of finite numbers, and the numbers, ascending by number."""
    numbers = _numbers(dtype)
    finite = np.flatnonzero(np.isfinite(numbers))
    order = finite[np.argsort(numbers[finite], kind="stable")]
    return order, numbers[order]


@cache
def _numbers(dtype: str) -> NDArray[np.float64]:
    return code_values(dtype) if is_coded(dtype) else _bin_middles()


def _bin_middles() -> NDArray[np.float64]:
    """The middle of each bin of float32 patterns that share their upper half."""
    codes = np.arange(N_CODES, dtype=np.uint32)
    is_finite = (codes & 0x7F80) != 0x7F80
    patterns = (codes << np.uint32(16)) | np.uint32(0x8000)
    middles = np.full(N_CODES, np.nan)
    middles[is_finite] = patterns[is_finite].view(np.float32)
    # The bins at ±0 hold zeros and values below 1e-40.
    middles[[0, 0x8000]] = 0.0
    return middles
