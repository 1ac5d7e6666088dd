"""Tensors in file order, each read once, hashed, and held within the memory budget."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Condition

import numpy as np
import xxhash

from pipeline.metrics.values import TensorValues
from pipeline.refs import TensorRef
from pipeline.sources import TensorReader

# A piece of this size keeps a disk busy and a hash in cache.
_PIECE_BYTES = 1 << 22


@dataclass(frozen=True)
class Loaded:
    """A tensor's values and the digest over its dtype, shape and bytes."""

    values: TensorValues
    digest: str


def load(reader: TensorReader, tensor: TensorRef, *, largest_bytes: int) -> Loaded:
    """Read and hash a tensor; beyond `largest_bytes` it is hashed and left in its file.

    Raises SourceError when the file is shorter than its header says.
    """
    digest = xxhash.xxh3_128(f"{tensor.dtype}\0{tensor.shape}\0".encode())
    is_resident = tensor.n_bytes <= largest_bytes
    size = tensor.n_bytes if is_resident else min(_PIECE_BYTES, tensor.n_bytes)
    buffer = np.empty(size, np.uint8)
    for start in range(0, tensor.n_bytes, _PIECE_BYTES):
        stop = min(start + _PIECE_BYTES, tensor.n_bytes)
        piece = buffer[start:stop] if is_resident else buffer[: stop - start]
        reader.read_into(tensor, start, piece)
        digest.update(piece.data)
    values = TensorValues(
        tensor.dtype,
        tensor.shape,
        resident=buffer if is_resident else None,
        read=lambda start, out: reader.read_into(tensor, start, out),
    )
    return Loaded(values, digest.hexdigest())


class ByteBudget:
    """Lets the reader run ahead of the workers by so many bytes, and no further."""

    def __init__(self, n_bytes: int) -> None:
        self._free = n_bytes
        self._all = n_bytes
        self._change = Condition()

    def take(self, n_bytes: int) -> int:
        """Wait until `n_bytes` are free, or nothing else is held; what was taken."""
        taken = min(n_bytes, self._all)
        with self._change:
            self._change.wait_for(lambda: self._free >= taken)
            self._free -= taken
        return taken

    def give_back(self, n_bytes: int) -> None:
        with self._change:
            self._free += n_bytes
            self._change.notify_all()
