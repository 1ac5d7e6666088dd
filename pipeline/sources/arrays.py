"""How are arrays of other frameworks' files listed, and their rows read as bytes?

Keras and other HDF5, ONNX, NumPy and Flax: each says which arrays a file holds, and
gives some rows of one; nothing in a file is run, and nothing outside it is followed.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources.array_file import Array, ArrayFile, not_such
from pipeline.sources.files import stamp_file
from pipeline.sources.ranges import check_range, file_sizes, refuse_changed


def list_arrays(path: Path) -> tuple[tuple[TensorRef, ...], list[str]]:
    """Every array that a file declares, and notes. Raises SourceError."""
    file = open_arrays(path)
    try:
        refs = tuple(array.to_ref(path.name) for array in file.arrays)
        return refs, list(file.notes)
    finally:
        file.close()


def open_arrays(path: Path) -> ArrayFile:
    """Open a file by its suffix. Raises SourceError when it is not what that says."""
    stamp_file(path)
    name = path.name
    try:
        if name.endswith(".onnx"):
            from pipeline.sources.onnx_file import OnnxFile

            return OnnxFile(path)
        if name.endswith((".npz", ".npy")):
            from pipeline.sources.numpy_file import NumpyFile

            return NumpyFile(path)
        if name.endswith(".msgpack"):
            from pipeline.sources.flax_file import FlaxFile

            return FlaxFile(path)
        from pipeline.sources.hdf5_file import Hdf5File

        return Hdf5File(path)
    except SourceError:
        raise
    except Exception as error:  # each library raises what its parser stumbled on
        raise not_such(path, str(error)) from error


class ArrayReader:
    """Hands out bytes of arrays; one reads at a time, as most libraries ask."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._folder = Path(checkpoint.folder)
        self._sizes = file_sizes(checkpoint)
        self._files: dict[str, tuple[ArrayFile, dict[str, Array]]] = {}
        self._lock = Lock()

    def read_into(self, tensor: TensorRef, start: int, out: NDArray[np.uint8]) -> None:
        check_range(tensor, start, out)
        if not len(out):
            return
        n_rows = tensor.shape[0] if tensor.shape else 1
        n_row_bytes = tensor.n_bytes // n_rows
        first, last = start // n_row_bytes, -(-(start + len(out)) // n_row_bytes)
        with self._lock:
            file, arrays = self._open(tensor.file)
            if tensor.name not in arrays:
                refuse_changed(self._folder / tensor.file)
            rows = self._rows(file, arrays[tensor.name], first, last)
        raw = np.frombuffer(rows.tobytes(), np.uint8)
        if len(raw) != (last - first) * n_row_bytes:
            refuse_changed(self._folder / tensor.file)
        begin = start - first * n_row_bytes
        out[:] = raw[begin : begin + len(out)]

    def _rows(
        self, file: ArrayFile, array: Array, first: int, last: int
    ) -> NDArray[Any]:
        try:
            return file.rows(array.key, first, last)
        except (OSError, ValueError, EOFError) as error:
            raise SourceError(
                f"its values cannot be read ({error!s:.200})",
                where=array.name,
                fix="Download or copy the file again",
            ) from error

    def _open(self, name: str) -> tuple[ArrayFile, dict[str, Array]]:
        path = self._folder / name
        n_bytes = stamp_file(path).n_bytes
        if n_bytes != self._sizes.get(name, n_bytes):
            refuse_changed(path)
        if name not in self._files:
            file = open_arrays(path)
            self._files[name] = file, {one.name: one for one in file.arrays}
        return self._files[name]

    def close(self) -> None:
        with self._lock:
            for file, _ in self._files.values():
                file.close()
            self._files.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
