"""Do the zeros of a matrix form a pattern that hardware can skip?"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.metrics.arrays.values import TensorValues
from pipeline.row import Row

BLOCK = 16
# The map of zeros has at most this many cells a side: enough for a picture.
MAP_SIDE = 32


def zero_patterns(values: TensorValues, *, n_zero: int) -> Row:
    """Shares of 2:4 groups and of all-zero 16 × 16 blocks, None below two dimensions.

    Groups are four consecutive elements of a row, and of a column, as hardware skips
    along the inputs and some networks store these down the columns. Incomplete groups
    are ignored; without a complete group the share is None. Blocks at the right and
    lower edge may be smaller. A matrix with a zero also has the map: the share of zeros
    in each of MAP_SIDE² cells.
    """
    names = "pattern_2_4_fraction", "pattern_2_4_cols_fraction", "zero_block_fraction"
    n_rows, n_cols = values.matrix_shape
    if len(values.shape) < 2 or n_rows * n_cols == 0:
        return dict.fromkeys(names)
    n_places = (
        n_rows * (n_cols // 4),
        n_rows // 4 * n_cols,
        -(-n_rows // BLOCK) * -(-n_cols // BLOCK),
    )
    found = np.zeros(3, np.int64)
    zeros = np.zeros((min(n_rows, MAP_SIDE), min(n_cols, MAP_SIDE)), np.int64)
    start = 0
    if n_zero > 0:
        for block in values.row_blocks(multiple_of=BLOCK):
            found += (*_count_groups(block), _count_blocks(block))
            _count_zeros(block, start, n_rows, zeros)
            start += len(block)
    shares = [
        int(number) / n if n else None
        for number, n in zip(found, n_places, strict=True)
    ]
    row: Row = dict(zip(names, shares, strict=True))
    return row | (_zero_map(zeros, n_rows, n_cols) if n_zero > 0 else {})


def _zero_map(zeros: NDArray[np.int64], n_rows: int, n_cols: int) -> Row:
    """The share of zeros in each cell, row by row."""
    down, across = zeros.shape
    heights = np.bincount(np.arange(n_rows) * down // n_rows)
    widths = np.bincount(np.arange(n_cols) * across // n_cols)
    share = zeros / np.outer(heights, widths)
    return {
        "zero_map": share.astype(np.float32).ravel().tolist(),
        "zero_map_rows": down,
    }


@njit(nogil=True, cache=True)
def _count_zeros(
    block: NDArray[np.floating], start: int, n_rows: int, zeros: NDArray[np.int64]
) -> None:
    n_cols = block.shape[1]
    down, across = zeros.shape
    for i in range(block.shape[0]):
        cell = (start + i) * down // n_rows
        for j in range(n_cols):
            if block[i, j] == 0:
                zeros[cell, j * across // n_cols] += 1


@njit(nogil=True, cache=True)
def _count_groups(block: NDArray[np.floating]) -> tuple[int, int]:
    """The number of 2:4 groups along rows, and along columns."""
    n_rows, n_cols = block.shape
    along_rows = along_cols = 0
    for i in range(n_rows):
        for j in range(0, n_cols - 3, 4):
            zeros = 0
            for k in range(4):
                zeros += block[i, j + k] == 0
            along_rows += zeros >= 2
    for i in range(0, n_rows - 3, 4):
        for j in range(n_cols):
            zeros = 0
            for k in range(4):
                zeros += block[i + k, j] == 0
            along_cols += zeros >= 2
    return along_rows, along_cols


@njit(nogil=True, cache=True)
def _count_blocks(block: NDArray[np.floating]) -> int:
    n_rows, n_cols = block.shape
    blocks = 0
    for top in range(0, n_rows, BLOCK):
        for left in range(0, n_cols, BLOCK):
            empty = True
            for i in range(top, min(top + BLOCK, n_rows)):
                for j in range(left, min(left + BLOCK, n_cols)):
                    if block[i, j] != 0:
                        empty = False
                        break
                if not empty:
                    break
            blocks += empty
    return blocks
