"""Which arrays does Flax's msgpack hold, and at which bytes? Values are not unpacked.

Nested maps of names; an array is extension 1, itself the list of its shape, the name of
its dtype and its bytes.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.array_file import Array, code_of, import_library, not_such
from pipeline.sources.files import read_head, refuse_pointer

_ARRAY = 1
_EXTENSION_HEAD = {0xC7: 3, 0xC8: 4, 0xC9: 6}  # a length of 1, 2 or 4 bytes, a type
_FIXED = range(0xD4, 0xD9)
_BYTES_HEAD = {0xC4: 2, 0xC5: 3, 0xC6: 5}
_MAX_DEPTH = 64
_OPTIMIZER = ("opt_state", "optimizer", "optimizer_state")


class FlaxFile:
    """`arrays` are the leaves of the tree, named by their path."""

    def __init__(self, path: Path) -> None:
        self._msgpack = import_library(path, _import, "flax")
        self._path = path
        refuse_pointer(path, read_head(path))
        self.arrays: list[Array] = []
        self._places: dict[str, tuple[int, int]] = {}
        self._n_other = 0
        self._stream = path.open("rb")
        self._unpacker = self._msgpack.Unpacker(
            self._stream, raw=False, strict_map_key=False, max_buffer_size=1 << 32
        )
        try:
            self._read(())
        except BaseException:
            self.close()
            raise
        if not self.arrays:
            self.close()
            raise not_such(path, "no array in it")

    @property
    def notes(self) -> list[str]:
        return [f"{self._n_other} entries are no arrays"] if self._n_other else []

    def _peek(self, place: int, n_bytes: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(place)
            return file.read(n_bytes)

    def _read(self, above: tuple[str, ...]) -> None:
        place = self._unpacker.tell()
        kind = self._peek(place, 1)
        if not kind:
            raise EOFError("it ends within an entry")
        first = kind[0]
        if 0x80 <= first <= 0x8F or first in (0xDE, 0xDF):
            if len(above) > _MAX_DEPTH:
                raise ValueError("nested too deeply")
            for _ in range(self._unpacker.read_map_header()):
                self._read((*above, str(self._unpacker.unpack())))
            return
        self._unpacker.skip()
        if first in _EXTENSION_HEAD or first in _FIXED:
            self._add(above, place + _EXTENSION_HEAD.get(first, 2))
        else:
            self._n_other += 1

    def _add(self, above: tuple[str, ...], place: int) -> None:
        head = self._peek(place - 1, 1 << 12)
        if head[0] != _ARRAY:
            self._n_other += 1
            return
        inner = self._msgpack.Unpacker(raw=False)
        inner.feed(head[1:])
        if inner.read_array_header() != 3:
            raise ValueError(f"{'.'.join(above)} is no array")
        shape, dtype = tuple(inner.unpack()), inner.unpack()
        begin = inner.tell()
        dtype = dtype.decode() if isinstance(dtype, bytes) else str(dtype)
        begin += _BYTES_HEAD[head[1 + begin]]
        name = ".".join(above)
        code, reason = code_of(dtype)
        if above[0] in _OPTIMIZER:
            reason = "optimizer_state"
        array = Array(name, name, code, shape, reason)
        n_bytes = self._unpacker.tell() - place - begin
        if not reason and array.to_ref("").n_bytes != n_bytes:
            raise ValueError(f"{name} has {n_bytes} bytes for {dtype} of {shape}")
        self.arrays.append(array)
        self._places[name] = place + begin, n_bytes // max(prod(shape[:1]), 1)

    def rows(self, key: str, start: int, stop: int) -> NDArray[Any]:
        begin, n_row = self._places[key]
        raw = self._peek(begin + start * n_row, (stop - start) * n_row)
        return np.frombuffer(raw, np.uint8)

    def close(self) -> None:
        self._stream.close()


def _import() -> Any:
    import msgpack

    return msgpack
