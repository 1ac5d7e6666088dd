"""Which few entries represent a tensor, so that any two can be compared later?

A sample at places that depend on the shape only: samples of all tensors of one shape
can be compared entry by entry, without reading weights again.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.metrics.arrays.decode import to_float
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.tensor import Rows, Tensor

# A correlation of this many independent pairs has a standard error of 1/16: one pair of
# tensors already separates related from unrelated models, and a model has many.
N_SAMPLES = 256


def measure_sketch(tensor: Tensor) -> Rows:
    """One row of `sketches`: N_SAMPLES entries, or all of a smaller tensor.

    Values that are not finite are kept; they match no other value.
    """
    values = tensor.values
    places = sample_places(*values.matrix_shape)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond float32 is Inf here
        entries = _take(values, places).astype(np.float32)
    return {"sketches": [{"entries": entries}]}


@cache
def sample_places(n_rows: int, n_cols: int) -> NDArray[np.int64]:
    """Flat places of the sample in a matrix as stored, in a fixed order per shape.

    Hashes choose places along the longer side, then the shorter: the transpose of a
    matrix that is not square is sampled at the same entries, in the same order.
    """
    n = n_rows * n_cols
    if n <= N_SAMPLES:
        places = np.arange(n)
    else:
        # A hash does not depend on library versions; a random generator may.
        draws = (xxhash.xxh3_64_intdigest(b"%d" % i) for i in range(N_SAMPLES))
        places = np.array([draw * n >> 64 for draw in draws], np.int64)
    if n_rows >= n_cols or n == 0:
        return places
    return places % n_rows * n_cols + places // n_rows


def _take(values: TensorValues, places: NDArray[np.int64]) -> NDArray[np.floating]:
    if values.resident is not None:
        return to_float(values.array().reshape(-1)[places], values.dtype)
    found = np.zeros(places.size)
    start = 0
    for block in values.flat_blocks():
        inside = (places >= start) & (places < start + block.size)
        found[inside] = to_float(block[places[inside] - start], values.dtype)
        start += block.size
    return found
