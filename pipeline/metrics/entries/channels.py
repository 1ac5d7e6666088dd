"""How are rows and columns scaled, and which hold the largest weights?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.metrics.arrays.values import TensorValues
from pipeline.row import Row

N_TOP = 16
N_OUTLIERS_KEPT = 64
# Norms are stored for sides up to this length: hidden sizes, but not vocabularies.
MOST_NORMS_KEPT = 16_384
# A channel is an outlier when one of its weights reaches six standard deviations.
OUTLIER_SIGMAS = 6.0

Top = list[tuple[int, int, float]]


@dataclass(frozen=True)
class ChannelSums:
    """Σw² and max |w| per row and per column, and the weights of largest magnitude.

    `top` holds (row, column, weight) in descending magnitude, earlier positions first
    among equals, N_TOP at most.
    """

    row_squares: NDArray[np.float64]
    row_max: NDArray[np.float64]
    col_squares: NDArray[np.float64]
    col_max: NDArray[np.float64]
    top: Top


def sum_channels(
    values: TensorValues, *, top_threshold: float, has_non_finite: bool
) -> ChannelSums:
    """Walk a tensor as (n_rows, n_cols), once; non-finite values count as 0.

    `top_threshold` is a magnitude that N_TOP weights reach, taken from the counts; only
    blocks that reach it are searched for the largest weights.
    """
    n_rows, n_cols = values.matrix_shape
    sums = ChannelSums(
        np.zeros(n_rows), np.zeros(n_rows), np.zeros(n_cols), np.zeros(n_cols), []
    )
    start = 0
    for stored in values.row_blocks():
        block = np.nan_to_num(stored, posinf=0, neginf=0) if has_non_finite else stored
        stop = start + len(block)
        rows = sums.row_squares[start:stop], sums.row_max[start:stop]
        _sum_block(block, *rows, sums.col_squares, sums.col_max)
        if rows[1].max() >= top_threshold:
            _keep_top(sums.top, block, start, top_threshold)
        start = stop
    return sums


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nnan", "nsz"})
def _sum_block(
    block: NDArray[np.floating],
    row_squares: NDArray[np.float64],
    row_max: NDArray[np.float64],
    col_squares: NDArray[np.float64],
    col_max: NDArray[np.float64],
) -> None:
    for i in range(block.shape[0]):
        squares = largest = 0.0
        for j in range(block.shape[1]):
            magnitude = abs(np.float64(block[i, j]))
            square = magnitude * magnitude
            squares += square
            largest = max(largest, magnitude)
            col_squares[j] += square
            col_max[j] = max(col_max[j], magnitude)
        row_squares[i] = squares
        row_max[i] = largest


def _keep_top(
    top: Top, block: NDArray[np.floating], start: int, threshold: float
) -> None:
    magnitude = np.abs(block).ravel()
    floor = max(threshold, abs(top[-1][2]) if len(top) == N_TOP else 0.0)
    places = np.flatnonzero(magnitude >= floor)
    best = places[np.argsort(-magnitude[places], kind="stable")[:N_TOP]]
    n_cols = block.shape[1]
    weights = block.ravel()
    found = [
        (start + int(place) // n_cols, int(place) % n_cols, float(weights[place]))
        for place in best
    ]
    # The sort is stable and blocks come in order: earlier positions stay first.
    top[:] = sorted([*top, *found], key=lambda entry: -abs(entry[2]))[:N_TOP]


def describe_side(sums: ChannelSums, side: str, *, sigma: float | None) -> Row:
    """The columns of `channels` for one side, `rows` or `cols`.

    `sigma` is the standard deviation of the tensor's entries, None where it is not
    defined. Norms beyond float64 are left out.
    """
    is_rows = side == "rows"
    squares = sums.row_squares if is_rows else sums.col_squares
    largest = sums.row_max if is_rows else sums.col_max
    outliers = _outliers(largest, sigma)
    row: Row = {
        "side": side,
        "n_channels": squares.size,
        "n_zero": int((largest == 0).sum()),
        "n_outlier": outliers.size,
        "outlier_channels": outliers[:N_OUTLIERS_KEPT].tolist(),
        "top_channels": [entry[0 if is_rows else 1] for entry in sums.top],
        "top_values": [entry[2] for entry in sums.top],
    }
    return row | _describe_norms(np.sqrt(squares))


def _describe_norms(norms: NDArray[np.float64]) -> Row:
    largest, median = float(norms.max()), float(np.median(norms))
    if not np.isfinite(largest):  # squares beyond float64: no norm can be trusted
        return {}
    return {
        "norms": _kept(norms),
        "norm_min": float(norms.min()),
        "norm_median": median,
        "norm_max": largest,
        "norm_max_over_median": largest / median if median > 0 else None,
        "norm_gini": _gini(norms),
        "norm_max_index": int(norms.argmax()),
    }


def _kept(norms: NDArray[np.float64]) -> list[float] | None:
    """The norms; None where they are too many or exceed float32."""
    if norms.size > MOST_NORMS_KEPT or norms.max() > np.finfo(np.float32).max:
        return None
    return norms.astype(np.float32).tolist()


def _outliers(largest: NDArray[np.float64], sigma: float | None) -> NDArray[np.int64]:
    """Channels with a weight of six σ or more, the largest weight first."""
    if not sigma:
        return np.empty(0, np.int64)
    places = np.flatnonzero(largest >= OUTLIER_SIGMAS * sigma)
    return places[np.argsort(-largest[places], kind="stable")]


def _gini(norms: NDArray[np.float64]) -> float | None:
    """Gini coefficient of non-negative numbers, None when all are 0."""
    total = float(norms.sum())
    if total == 0:
        return None
    n = norms.size
    ranked = np.sort(norms)
    weights = 2 * np.arange(1, n + 1) - n - 1
    return max(float(weights @ ranked) / (n * total), 0.0)
