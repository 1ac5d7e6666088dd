"""Tensors in file order, each read once, hashed, and held within the memory budget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.metrics.arrays.values import TensorValues
from pipeline.quantised import Parts, check_parts, decode_into, is_rowwise
from pipeline.refs import Quantised, TensorRef
from pipeline.sources import TensorReader

# A piece of this size keeps a disk busy and a hash in cache.
_PIECE_BYTES = 1 << 22


@dataclass(frozen=True)
class Loaded:
    """A tensor's values and the digest over its dtype, shape and bytes.

    Of a quantised tensor: the decoded values, and the digest over codes and scales.
    """

    values: TensorValues
    digest: str


def load(reader: TensorReader, tensor: TensorRef, *, largest_bytes: int) -> Loaded:
    """Read and hash a tensor; beyond `largest_bytes` it is hashed and left in its file.

    Codes that are left there are decoded anew by every pass, some rows at a time.
    Raises SourceError when the file is shorter than its header says, or codes cannot
    be decoded.
    """
    if tensor.quantised:
        return _load_codes(reader, tensor, tensor.quantised, largest_bytes)
    digest = xxhash.xxh3_128()
    is_resident = tensor.n_bytes <= largest_bytes
    buffer = hash_bytes(reader, tensor, digest, keep=is_resident)
    values = TensorValues(
        tensor.dtype,
        tensor.shape,
        resident=buffer,
        read=lambda start, out: reader.read_into(tensor, start, out),
    )
    return Loaded(values, digest.hexdigest())


def hash_bytes(
    reader: TensorReader, tensor: TensorRef, digest: xxhash.xxh3_128, *, keep: bool
) -> NDArray[np.uint8] | None:
    """Add dtype, shape and bytes to the digest; the bytes, if they are to be kept."""
    digest.update(f"{tensor.dtype}\0{tensor.shape}\0".encode())
    size = tensor.n_bytes if keep else min(_PIECE_BYTES, tensor.n_bytes)
    buffer = np.empty(size, np.uint8)
    for start in range(0, tensor.n_bytes, _PIECE_BYTES):
        stop = min(start + _PIECE_BYTES, tensor.n_bytes)
        piece = buffer[start:stop] if keep else buffer[: stop - start]
        reader.read_into(tensor, start, piece)
        digest.update(piece.data)
    return buffer if keep else None


def _load_codes(
    reader: TensorReader, tensor: TensorRef, quantised: Quantised, largest_bytes: int
) -> Loaded:
    if quantised.problem:
        raise SourceError(quantised.problem)
    stored = {"codes": quantised.codes, **dict(quantised.parts)}
    is_resident = tensor.n_bytes <= largest_bytes
    n_bytes = sum(part.n_bytes for part in stored.values())
    if not is_rowwise(tensor) and n_bytes > largest_bytes:
        raise SourceError(
            f"its codes, which are decoded together, take {n_bytes} bytes",
            where=tensor.name,
            fix="Raise --memory",
        )
    digest = xxhash.xxh3_128(f"{quantised.form}\0{quantised.options}\0".encode())
    held = {}
    for role, part in stored.items():
        digest.update(f"{role}\0".encode())
        keep = is_resident or not is_rowwise(tensor)
        buffer = hash_bytes(reader, part, digest, keep=keep)
        if buffer is not None:
            held[role] = buffer
    parts = Parts(stored, reader.read_into, held)
    check_parts(tensor, parts)
    resident = None
    if is_resident:
        resident = np.empty(tensor.n_bytes, np.uint8)
        decode_into(tensor, parts, 0, resident)
    values = TensorValues(
        tensor.dtype,
        tensor.shape,
        resident=resident,
        # The codes are not needed once they are decoded.
        read=None if is_resident else partial(decode_into, tensor, parts),
    )
    return Loaded(values, digest.hexdigest())
