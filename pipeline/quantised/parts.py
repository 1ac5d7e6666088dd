"""How are rows of codes, and whole scales, read as arrays?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.metrics.arrays.decode import to_float
from pipeline.refs import TensorRef

ReadBytes = Callable[[TensorRef, int, NDArray[np.uint8]], None]


class Parts:
    """The stored tensors of one weight, by role.

    `read(tensor, start, out)` fills `out` with a tensor's bytes. What was asked for
    whole is kept; rows are kept only where they were given as `held`.
    """

    def __init__(
        self,
        tensors: Mapping[str, TensorRef],
        read: ReadBytes,
        held: Mapping[str, NDArray[np.uint8]] | None = None,
    ) -> None:
        self._tensors = dict(tensors)
        self._read = read
        self._held = dict(held or {})

    def __contains__(self, role: str) -> bool:
        return role in self._tensors

    def rows(self, role: str, start: int, stop: int) -> NDArray[np.generic]:
        """Patterns of rows, all leading sizes taken together: (stop − start, …)."""
        tensor = self._tensors[role]
        n_rows = prod(tensor.shape[:-1])
        n_row_bytes = tensor.n_bytes // max(n_rows, 1)
        return _as_patterns(
            self.bytes_of(role, start * n_row_bytes, stop * n_row_bytes), tensor
        ).reshape(stop - start, -1)

    def whole(self, role: str) -> NDArray[np.generic]:
        """All patterns in the stored shape."""
        tensor = self._tensors[role]
        if role not in self._held:
            self._held[role] = self.bytes_of(role, 0, tensor.n_bytes)
        return _as_patterns(self._held[role], tensor).reshape(tensor.shape)

    def numbers(self, role: str) -> NDArray[np.float32]:
        """All values in the stored shape, as float32."""
        return _to_numbers(self.whole(role), self.dtype(role))

    def columns(self, role: str, start: int, stop: int) -> NDArray[np.float32]:
        """Values of some columns of a matrix, as float32."""
        return _to_numbers(self.whole(role)[:, start:stop], self.dtype(role))

    def bytes_of(self, role: str, start: int, stop: int) -> NDArray[np.uint8]:
        if role in self._held:
            return self._held[role][start:stop]
        out = np.empty(stop - start, np.uint8)
        self._read(self._tensors[role], start, out)
        return out

    def dtype(self, role: str) -> str:
        return self._tensors[role].dtype


def _to_numbers(patterns: NDArray[np.generic], dtype: str) -> NDArray[np.float32]:
    return to_float(patterns, dtype).astype(np.float32, copy=False)


def _as_patterns(raw: NDArray[np.uint8], tensor: TensorRef) -> NDArray[np.generic]:
    known = DTYPES.get(tensor.dtype)  # GGML's own types are blocks of bytes
    return raw.view(known.numpy) if known else raw
