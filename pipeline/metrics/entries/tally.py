"""What does one pass over a tensor count? Patterns, and sums for wide dtypes.

Tallies can be added: those of two halves of a tensor give the tally of the tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.arrays.decode import code_values, is_coded
from pipeline.metrics.arrays.values import BLOCK_BYTES, TensorValues
from pipeline.metrics.entries.counting import (
    N_CODES,
    count_codes,
    count_upper_halves,
    count_words,
    count_zeros,
    sum_powers,
)

# Lanes are uint32; a piece this large cannot overflow one.
_PIECE_BYTES = 1 << 26

_ZERO_CODES = [0x0000, 0x8000]
# A shift is chosen from this many values, as it need only lie within the bulk.
_NEAR_SAMPLE = 1 << 12

_LARGEST_SINGLE = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Sums:
    """Float64 sums over the finite values of a wide dtype, and counts of the others.

    `powers` are Σ|x|, Σd, Σd², Σd³, Σd⁴ with d = x − shift; the shift lies near
    the mean, so that central moments do not cancel.
    """

    shift: float
    n: int = 0
    n_zero: int = 0
    n_nan: int = 0
    n_pos_inf: int = 0
    n_neg_inf: int = 0
    low: float = np.inf
    high: float = -np.inf
    powers: tuple[float, ...] = (0.0,) * 5

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.shift,
            self.n + other.n,
            self.n_zero + other.n_zero,
            self.n_nan + other.n_nan,
            self.n_pos_inf + other.n_pos_inf,
            self.n_neg_inf + other.n_neg_inf,
            min(self.low, other.low),
            max(self.high, other.high),
            tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)),
        )


@dataclass(frozen=True)
class Tally:
    """Counts of patterns, shape (65536,) or (256,) or (16,), and sums of wide dtypes.

    `sums` is None for coded dtypes: everything follows from the counts.
    """

    dtype: str
    counts: NDArray[np.int64]
    sums: Sums | None = None


def tally(values: TensorValues, *, threads: int = 1) -> Tally:
    """Count a tensor in one pass; `threads` share it by consecutive parts.

    The result does not depend on `threads` for coded dtypes; for wide ones the sums
    may differ in the last bits, as the parts are added in their order.
    """
    if is_coded(values.dtype):
        return Tally(values.dtype, _count_coded(values, threads))
    shift = _near_mean(values)
    pieces = values.flat_blocks(_PIECE_BYTES)
    parts = [part for piece in pieces for part in _shares(piece, threads)]
    if threads > 1 and values.resident is not None:
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(lambda part: _tally_wide(part, shift), parts))
    else:
        done = [_tally_wide(part, shift) for part in parts]
    counts = np.zeros(N_CODES, np.int64)
    sums = Sums(shift)
    for part_counts, part_sums in done:
        counts += part_counts
        sums += part_sums
    return Tally(values.dtype, counts, sums)


def _shares(array: NDArray[np.generic], threads: int) -> Sequence[NDArray[np.generic]]:
    # Multiples of 64 keep every share aligned for whole-word reads.
    size = -(-array.size // threads)
    size = -(-size // 64) * 64
    return [array[start : start + size] for start in range(0, array.size, size)]


def _count_coded(values: TensorValues, threads: int) -> NDArray[np.int64]:
    n_codes = code_values(values.dtype).size
    counts = np.zeros(n_codes, np.int64)
    for piece in values.flat_blocks(_PIECE_BYTES * threads):
        shares = _shares(piece, threads)
        if len(shares) == 1:
            counts += _count_piece(shares[0], n_codes)
            continue
        with ThreadPoolExecutor(threads) as pool:
            for share in pool.map(lambda part: _count_piece(part, n_codes), shares):
                counts += share
    return counts


def _count_piece(codes: NDArray[np.generic], n_codes: int) -> NDArray[np.int64]:
    patterns = codes.view(f"u{codes.itemsize}")
    if n_codes < N_CODES:
        lane = np.zeros(256, np.uint32)
        count_codes(patterns, lane)
        return lane[:n_codes].astype(np.int64)
    lanes = np.zeros((4, N_CODES), np.uint32)
    whole = patterns.size // 4 * 4
    count_words(patterns[:whole].view(np.uint64), lanes)
    count_codes(patterns[whole:], lanes[0])
    return np.asarray(lanes.sum(axis=0, dtype=np.int64))


def _near_mean(values: TensorValues) -> float:
    """A value in the bulk of the first block that has finite values."""
    for block in values.flat_blocks():
        with np.errstate(invalid="ignore"):  # a signalling NaN is treated as any NaN
            numbers = block.astype(np.float64)
        finite = numbers[np.isfinite(numbers)]
        if finite.size:
            # The median, as a single outlier would pull the mean out of the bulk.
            return float(np.median(finite[:: -(-finite.size // _NEAR_SAMPLE)]))
    return 0.0


def _tally_wide(
    part: NDArray[np.generic], shift: float
) -> tuple[NDArray[np.int64], Sums]:
    lanes = np.zeros((4, N_CODES), np.uint32)
    sums = Sums(shift)
    step = BLOCK_BYTES // part.itemsize
    for start in range(0, part.size, step):
        block = part[start : start + step]
        numbers = np.asarray(block, block.dtype if block.dtype.kind == "f" else float)
        singles = _to_single(numbers)
        count_upper_halves(singles.view(np.uint32), lanes)
        # Zeros share two codes with the smallest denormals: without these codes there
        # are no zeros.
        may_be_zero = bool(lanes[:, _ZERO_CODES].any())
        sums += _sum_block(numbers, shift, may_be_zero=may_be_zero)
    return lanes.sum(axis=0, dtype=np.int64), sums


def _to_single(numbers: NDArray[np.floating]) -> NDArray[np.float32]:
    """As float32; finite values beyond its range become its largest finite value."""
    if numbers.dtype == np.float32:
        return numbers
    held = np.clip(numbers, -_LARGEST_SINGLE, _LARGEST_SINGLE)
    held[np.isinf(numbers)] = numbers[np.isinf(numbers)]
    return held.astype(np.float32)


def _sum_block(
    numbers: NDArray[np.floating], shift: float, *, may_be_zero: bool
) -> Sums:
    powers = sum_powers(numbers, shift)
    n_nan = n_pos_inf = n_neg_inf = 0
    if not np.isfinite(powers[0]):
        n_nan = int(np.isnan(numbers).sum())
        n_pos_inf = int((numbers == np.inf).sum())
        n_neg_inf = int((numbers == -np.inf).sum())
        numbers = numbers[np.isfinite(numbers)]
        powers = sum_powers(numbers, shift)
    if numbers.size == 0:
        return Sums(shift, 0, 0, n_nan, n_pos_inf, n_neg_inf)
    low, high = float(numbers.min()), float(numbers.max())
    n_zero = int(count_zeros(numbers)) if may_be_zero else 0
    return Sums(
        shift, numbers.size, n_zero, n_nan, n_pos_inf, n_neg_inf, low, high, powers
    )
