"""What would rounding to few bits cost? Signal to noise of int8 and int4."""

from __future__ import annotations

from math import frexp, log10

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.entries.distribution import Distribution
from pipeline.row import Row

GROUP = 128
INT8_TOP, INT4_TOP = 127.0, 7.0
# Candidates for a clipped scale, as shares of abs_max; a grid, not an optimum.
CLIPS = tuple(np.arange(0.30, 1.0, 0.05))


_NAMES = (
    "int8_tensor_sqnr_db",
    "int8_row_sqnr_db",
    "int8_group_sqnr_db",
    "int4_tensor_sqnr_db",
    "int4_row_sqnr_db",
    "int4_group_sqnr_db",
)


def rounding_noise(
    values: TensorValues, *, abs_max: float, frobenius_norm: float, has_non_finite: bool
) -> Row:
    """SQNR in dB of symmetric round-to-nearest, by scope of the scale.

    Scales are max |w| / 127 or / 7 over the tensor, each row, or each 128 consecutive
    elements of a row. None where rounding is exact or the tensor is empty or zero.
    """
    if abs_max == 0:
        return dict.fromkeys(_NAMES)
    # Scaling by a power of two is exact; near 1 no scale overflows.
    unit = 2.0 ** -frexp(abs_max)[1]
    errors = np.zeros(6)
    for stored in values.row_blocks():
        block = np.nan_to_num(stored, posinf=0, neginf=0) if has_non_finite else stored
        _add_errors(block, unit, np.float32(abs_max * unit), errors)
    signal = (frobenius_norm * unit) ** 2
    return dict(zip(_NAMES, (_decibel(signal, e) for e in errors), strict=True))


def clip_gain(dist: Distribution) -> float | None:
    """Gain in int4 SQNR, in dB, of the tensor's best clipped scale over abs_max.

    Computed from the counts, over the grid CLIPS; 0 when no clipping helps.
    """
    x, c = dist.values, dist.counts.astype(np.float64)
    top = np.abs(x).max(initial=0.0)
    if top == 0:
        return None
    x = x / top

    def noise(clip: float) -> float:
        scale = clip / INT4_TOP
        rounded = np.clip(np.rint(x / scale), -INT4_TOP, INT4_TOP) * scale
        return float(c @ (x - rounded) ** 2)

    unclipped = noise(1.0)
    best = min(noise(clip) for clip in CLIPS)
    if unclipped == 0 or best == 0:
        return None
    return max(10 * log10(unclipped / best), 0.0)


def _decibel(signal: float, noise: float) -> float | None:
    return 10 * log10(signal / noise) if noise > 0 and signal > 0 else None


# Groups are summed in float32 (128 terms) and added up in float64.
@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nnan", "nsz"})
def _add_errors(
    block: NDArray[np.floating],
    unit: float,
    tensor_max: np.float32,
    errors: NDArray[np.float64],
) -> None:
    n_rows, n_cols = block.shape
    row = np.empty(n_cols, np.float32)
    for i in range(n_rows):
        row_max = np.float32(0)
        for j in range(n_cols):
            row[j] = np.float32(block[i, j] * unit)
            row_max = max(row_max, abs(row[j]))
        if row_max == 0:
            continue
        for start in range(0, n_cols, GROUP):
            group = row[start : min(start + GROUP, n_cols)]
            group_max = np.float32(0)
            for j in range(group.size):
                group_max = max(group_max, abs(group[j]))
            if group_max == 0:
                continue
            errors[0] += _rounding_error(group, tensor_max, np.float32(INT8_TOP))
            errors[1] += _rounding_error(group, row_max, np.float32(INT8_TOP))
            errors[2] += _rounding_error(group, group_max, np.float32(INT8_TOP))
            errors[3] += _rounding_error(group, tensor_max, np.float32(INT4_TOP))
            errors[4] += _rounding_error(group, row_max, np.float32(INT4_TOP))
            errors[5] += _rounding_error(group, group_max, np.float32(INT4_TOP))


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nnan", "nsz"})
def _rounding_error(
    group: NDArray[np.float32], largest: np.float32, top: np.float32
) -> np.float32:
    scale = largest / top
    inverse = top / largest
    total = np.float32(0)
    for j in range(group.size):
        error = group[j] - np.rint(group[j] * inverse) * scale
        total += error * error
    return total
