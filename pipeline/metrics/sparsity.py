"""Do the zeros of a matrix form a pattern that hardware can skip?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.metrics.values import TensorValues

BLOCK = 16

Row = dict[str, Any]


def zero_patterns(values: TensorValues, *, n_zero: int) -> Row:
    """Shares of 2:4 groups and of all-zero 16 × 16 blocks, None below two dimensions.

    Groups are of four consecutive elements of a row, complete ones only; blocks at the
    right and lower edge may be smaller. None where a matrix has no complete group.
    """
    names = "pattern_2_4_fraction", "zero_block_fraction"
    n_rows, n_cols = values.matrix_shape
    if len(values.shape) < 2 or n_rows * n_cols == 0:
        return dict.fromkeys(names)
    n_groups = n_rows * (n_cols // 4)
    n_blocks = -(-n_rows // BLOCK) * -(-n_cols // BLOCK)
    groups = blocks = 0
    if n_zero > 0:
        for block in values.row_blocks(multiple_of=BLOCK):
            found = _count_patterns(block)
            groups += found[0]
            blocks += found[1]
    shares = (groups / n_groups if n_groups else None), blocks / n_blocks
    return dict(zip(names, shares, strict=True))


@njit(nogil=True, cache=True)
def _count_patterns(block: NDArray[np.floating]) -> tuple[int, int]:
    n_rows, n_cols = block.shape
    groups = 0
    for i in range(n_rows):
        for j in range(0, n_cols - 3, 4):
            zeros = 0
            for k in range(4):
                zeros += block[i, j + k] == 0
            groups += zeros >= 2
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
    return groups, blocks
