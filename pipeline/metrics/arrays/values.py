"""A tensor's stored bytes, walked in blocks of whole rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.metrics.arrays.decode import to_float

# Small enough to stay in a core's L2 cache while several kernels pass over it.
BLOCK_BYTES = 1 << 19

ReadBytes = Callable[[int, NDArray[np.uint8]], None]


@dataclass(frozen=True)
class TensorValues:
    """The values of one tensor: its dtype code, shape, and bytes.

    Either `resident` holds all bytes, or `read(start, out)` fills `out` with the bytes
    from `start` on: the tensor is then larger than the memory it may use.
    """

    dtype: str
    shape: tuple[int, ...]
    resident: NDArray[np.uint8] | None = None
    read: ReadBytes | None = None

    @property
    def n_elements(self) -> int:
        return prod(self.shape)

    @property
    def is_packed(self) -> bool:
        """Whether two values share a byte (F4)."""
        return DTYPES[self.dtype].bits < 8

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """(first size, product of the others); a vector is one row."""
        if len(self.shape) < 2:
            return 1, self.n_elements
        return self.shape[0], prod(self.shape[1:])

    def array(self) -> NDArray[np.generic]:
        """All patterns in the stored shape. Raises ValueError when not resident."""
        if self.resident is None:
            raise ValueError("the tensor is streamed: walk it by blocks")
        return self._patterns(self.resident).reshape(self.shape)

    def flat_blocks(self, n_bytes: int = BLOCK_BYTES) -> Iterator[NDArray[np.generic]]:
        """Patterns as consecutive 1-D blocks of at most about `n_bytes`."""
        itemsize = max(DTYPES[self.dtype].bits // 8, 1)
        step = max(n_bytes // itemsize, 1) * itemsize
        for chunk in self._chunks(step):
            yield self._patterns(chunk)

    def row_blocks(
        self, *, n_bytes: int = BLOCK_BYTES, multiple_of: int = 1
    ) -> Iterator[NDArray[np.floating]]:
        """Decoded values as consecutive (rows, n_cols) blocks.

        Every block but the last has a multiple of `multiple_of` rows, at least one.
        """
        n_rows, n_cols = self.matrix_shape
        if n_rows * n_cols == 0:
            return
        # Packed rows of odd length would split a byte: take the tensor whole.
        row_bits = n_cols * DTYPES[self.dtype].bits
        unit = row_bits // 8 if row_bits % 8 == 0 else (n_rows * row_bits) // 8
        unit *= multiple_of
        for chunk in self._chunks(max(n_bytes // unit, 1) * unit):
            yield to_float(self._patterns(chunk).reshape(-1, n_cols), self.dtype)

    def _chunks(self, step: int) -> Iterator[NDArray[np.uint8]]:
        n_bytes = (self.n_elements * DTYPES[self.dtype].bits + 7) // 8
        if self.resident is not None:
            for start in range(0, n_bytes, step):
                yield self.resident[start : start + step]
            return
        assert self.read is not None, "a tensor is resident or readable"  # noqa: S101
        buffer = np.empty(min(step, n_bytes), np.uint8)
        for start in range(0, n_bytes, step):
            out = buffer[: min(step, n_bytes - start)]
            self.read(start, out)
            yield out

    def _patterns(self, raw: NDArray[np.uint8]) -> NDArray[np.generic]:
        if self.is_packed:  # low nibble first
            return np.stack([raw & 15, raw >> 4], axis=-1).reshape(-1)
        return raw.view(DTYPES[self.dtype].numpy)
