"""What are the singular values of a matrix, and how large is their error?

The eigenvalues of the Gram matrix of the smaller side are the squared singular values.
In float64 this is several times faster than an SVD and, for values stored in 32 bits
or fewer, more exact than an SVD in float32. It loses σ below about 1e-6·σ₁, as squaring
doubles the range; where that matters, the SVD of a triangular factor is used, which is
gathered over row blocks. Memory stays at a few M² for any N.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import frexp, ldexp
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.arrays.decode import to_float
from pipeline.metrics.arrays.values import TensorValues

# Adding a block's product costs a few passes over the Gram matrix, so a block has this
# many bytes, or half as many rows as columns where that is more.
_BLOCK_BYTES = 1 << 23

# Peak memory in units of the Gram matrix: itself, a product or LAPACK's copy, and half
# of one for a block.
GRAMS_HELD = 2.5

# LAPACK's error bounds grow with the side; the sum over rows adds a few roundings.
_ROUNDINGS = 8

# Squares of entries from 2^−200 to 2^200, and their sums, neither overflow nor vanish.
# Others are scaled by a power of two, which is exact and costs one pass.
_SAFE_EXPONENT = 200

# σ_min is trusted when its squared value stands this far above the error of λ.
_TRUST = 50.0

Matrix = NDArray[np.float64]
Blocks = Callable[[int], Iterable[Matrix]]
# (blocks, n_small, exponent) → eigenvalues of the Gram matrix of blocks·2^−exponent,
# ascending.
Eigenvalues = Callable[[Blocks, int, int], NDArray[np.float64]]


@dataclass(frozen=True)
class SingularValues:
    """σ₁ ≥ σ₂ ≥ …, min(N, M) of them, and a bound on the error of any of them.

    `device` is where they were computed; cuda_out_of_memory means by the processor, as
    the device's memory was full.
    """

    sigma: NDArray[np.float64]
    method: Literal["gram", "svd"]
    error_bound: float
    device: str = "cpu"


class Solve(Protocol):
    """`singular_values`, here or on a device."""

    def __call__(
        self, blocks: Blocks, n_small: int, /, *, abs_max: float
    ) -> SingularValues: ...


def eigenvalues_of_gram(
    blocks: Blocks, n_small: int, exponent: int
) -> NDArray[np.float64]:
    """Eigenvalues of Σ BᵀB over the blocks B times 2^−exponent, ascending."""
    gram = np.zeros((n_small, n_small))
    product = np.empty_like(gram)
    for block in blocks(block_rows(n_small)):
        scaled = scale_down(block, exponent)
        gram += np.matmul(scaled.T, scaled, out=product)
    del product
    return np.asarray(np.linalg.eigvalsh(gram))


def scale_down(block: Matrix, exponent: int) -> Matrix:
    """The block times 2^−exponent, exactly; the block itself for exponent 0."""
    return np.ldexp(block, -exponent) if exponent else block


def block_rows(n_small: int) -> int:
    """The number of rows of a block whose product runs at full speed."""
    return max(_BLOCK_BYTES // (8 * n_small), n_small // 2, 256)


def singular_values(
    blocks: Blocks,
    n_small: int,
    *,
    abs_max: float,
    eigenvalues: Eigenvalues = eigenvalues_of_gram,
) -> SingularValues:
    """Singular values of a matrix given as blocks of shape (b, n_small).

    `blocks(n)` walks the larger side in pieces of about n rows (at least one) and may
    be called twice; `abs_max` is the largest magnitude, which must be finite. Raises
    numpy.linalg.LinAlgError when LAPACK does not converge.
    """
    if abs_max == 0:
        return SingularValues(np.zeros(n_small), "gram", 0.0)
    exponent = frexp(abs_max)[1]
    if abs(exponent) < _SAFE_EXPONENT:
        exponent = 0
    lam = eigenvalues(blocks, n_small, exponent)[::-1]
    error = _relative_error(n_small) * lam[0]
    if lam[-1] > _TRUST * error:
        sigma = np.sqrt(lam)
        bound = error / sigma[-1]
        return SingularValues(np.ldexp(sigma, exponent), "gram", ldexp(bound, exponent))
    sigma = np.linalg.svd(_triangle(blocks, n_small, exponent), compute_uv=False)
    bound = _relative_error(n_small) * sigma[0]
    return SingularValues(np.ldexp(sigma, exponent), "svd", ldexp(bound, exponent))


def _relative_error(n_small: int) -> float:
    return float((n_small + _ROUNDINGS) * np.finfo(np.float64).eps)


def _triangle(blocks: Blocks, n_small: int, exponent: int) -> Matrix:
    """R of the QR factorisation, built block by block; its σ are the matrix's."""
    r: Matrix = np.zeros((0, n_small))
    for block in blocks(2 * n_small):
        stacked = np.vstack([r, scale_down(block, exponent)])
        r = np.asarray(np.linalg.qr(stacked, mode="r"))
    return r


def blocks_of_array(patterns: NDArray[np.generic], dtype: str) -> Blocks:
    """Walk a resident (n_rows, n_cols) array of patterns along its larger side."""
    tall = patterns if patterns.shape[0] >= patterns.shape[1] else patterns.T

    def walk(n: int) -> Iterator[Matrix]:
        for start in range(0, len(tall), n):
            yield as_doubles(tall[start : start + n], dtype)

    return walk


def as_doubles(patterns: NDArray[np.generic], dtype: str) -> Matrix:
    """The numbers of stored patterns, in float64."""
    with np.errstate(invalid="ignore"):  # a signalling NaN is treated as any NaN
        return to_float(patterns, dtype).astype(np.float64)


def blocks_of_stream(values: TensorValues) -> Blocks:
    """Walk a tall tensor that is read from its file in row blocks."""
    n_cols = values.matrix_shape[1]

    def walk(n: int) -> Iterator[Matrix]:
        for block in values.row_blocks(n_bytes=n * n_cols * 8):
            yield block.astype(np.float64)

    return walk
