"""Which arrays do NumPy's .npz and .npy hold? Objects are never loaded."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from pipeline.sources.array_file import Array, code_of, not_such
from pipeline.sources.files import read_head, refuse_pointer

_HEADERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


class NumpyFile:
    """`arrays` are the members of an archive, or the one array of a file."""

    def __init__(self, path: Path) -> None:
        refuse_pointer(path, read_head(path))
        self._path = path
        self.notes: list[str] = []
        self.arrays: list[Array] = []
        self._facts: dict[str, tuple[Any, int, bool]] = {}
        self._whole: tuple[str, NDArray[Any] | None] = ("", None)
        self._archive: zipfile.ZipFile | None = None
        if path.name.endswith(".npz"):
            self._archive = zipfile.ZipFile(path)
            try:
                for member in self._archive.infolist():
                    self._add(member.filename, member.filename.removesuffix(".npy"))
            except BaseException:
                self.close()
                raise
        else:
            self._add(path.name, path.name.removesuffix(".npy"))

    def _add(self, key: str, name: str) -> None:
        with self._stream(key) as stream:
            version = npy.read_magic(stream)
            if version not in _HEADERS:
                raise not_such(self._path, f"{key} is of version {version}")
            shape, is_fortran, dtype = _HEADERS[version](stream)
            begin = stream.tell()
        code, reason = code_of(dtype.name)
        if dtype.hasobject:
            code, reason = "object", "Python objects, which are never loaded"
        self._facts[key] = dtype, begin, is_fortran
        self.arrays.append(Array(name, key, code, tuple(shape), reason))

    def _stream(self, key: str) -> IO[bytes]:
        return self._archive.open(key) if self._archive else self._path.open("rb")

    def rows(self, key: str, start: int, stop: int) -> NDArray[Any]:
        dtype, begin, is_fortran = self._facts[key]
        shape = next(one.shape for one in self.arrays if one.key == key)
        if is_fortran and len(shape) > 1:
            return self._in_order(key)[start:stop]
        n_row = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        with self._stream(key) as stream:
            stream.seek(begin + start * n_row)
            raw = stream.read((stop - start) * n_row)
        if len(raw) != (stop - start) * n_row:
            raise EOFError(f"{key} ends before its header says")
        values = np.frombuffer(raw, dtype)
        return values.astype(dtype.newbyteorder("<"), copy=False)

    def _in_order(self, key: str) -> NDArray[Any]:
        """All of an array that is stored by columns; the last one is kept."""
        if self._whole[0] != key or self._whole[1] is None:
            with self._stream(key) as stream:
                found = npy.read_array(stream, allow_pickle=False)
            little = found.astype(found.dtype.newbyteorder("<"), copy=False)
            self._whole = key, np.ascontiguousarray(little)
        held = self._whole[1]
        assert held is not None  # noqa: S101  set just above
        return held

    def close(self) -> None:
        if self._archive:
            self._archive.close()
