"""How do a tensor's bytes get from its file into the caller's buffer?"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources.files import open_bytes, readable
from pipeline.sources.pieces import JoinedReader
from pipeline.sources.ranges import check_range, file_sizes, refuse_changed
from pipeline.sources.torch_reader import TorchReader

# Kinds of files that other frameworks' libraries list and read.
ARRAYS = frozenset({"keras", "onnx", "numpy", "flax"})


class TensorReader(Protocol):
    """Hands out bytes of tensors, little-endian and in C order."""

    def read_into(
        self, tensor: TensorRef, start: int, out: NDArray[np.uint8]
    ) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


_READ_BYTES = 1 << 24  # in one call, where there is no positioned read


def open_reader(checkpoint: Checkpoint) -> TensorReader:
    """A reader for the checkpoint's tensors, to be used in a `with` statement.

    `read_into(tensor, start, out)` fills the contiguous uint8 array `out` with the
    tensor's bytes from `start` on. It may be called from several threads; reading in
    file order is fastest. Raises SourceError when the file no longer holds them.
    """
    if checkpoint.format == "dcp":
        from pipeline.sources.dcp import DcpReader

        return DcpReader(checkpoint)
    if checkpoint.format in ARRAYS:
        from pipeline.sources.arrays import ArrayReader

        return ArrayReader(checkpoint)
    if checkpoint.format != "torch":
        return SafetensorsReader(checkpoint)
    reader = TorchReader(checkpoint)
    is_joined = any(tensor.pieces for tensor in checkpoint.tensors)
    return JoinedReader(reader) if is_joined else reader


class SafetensorsReader:
    """Positioned reads from open files; nothing is mapped, nothing is kept."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._folder = Path(checkpoint.folder)
        self._stamps = file_sizes(checkpoint)
        self._descriptors: dict[str, int] = {}
        self._lock = Lock()

    def read_into(self, tensor: TensorRef, start: int, out: NDArray[np.uint8]) -> None:
        check_range(tensor, start, out)
        path = self._folder / tensor.file
        descriptor = self._descriptor(tensor.file)
        view = out.data
        position = tensor.offset + start
        with readable(path):
            while view:
                # One call may return less than asked: 2 GiB at most, or a short file.
                n_read = self._read(descriptor, view, position)
                if n_read == 0:
                    refuse_changed(path)
                view = view[n_read:]
                position += n_read

    def _read(self, descriptor: int, view: memoryview, position: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(descriptor, [view], position)
        # Windows knows no positioned read: threads take turns with the one position.
        with self._lock:
            os.lseek(descriptor, position, os.SEEK_SET)
            found = os.read(descriptor, min(len(view), _READ_BYTES))
        view[: len(found)] = found
        return len(found)

    def _descriptor(self, name: str) -> int:
        with self._lock:
            if name not in self._descriptors:
                path = self._folder / name
                self._descriptors[name] = open_bytes(path)
                with readable(path):
                    n_bytes = os.fstat(self._descriptors[name]).st_size
                if n_bytes != self._stamps.get(name, n_bytes):
                    refuse_changed(path)
            return self._descriptors[name]

    def close(self) -> None:
        with self._lock:
            for descriptor in self._descriptors.values():
                os.close(descriptor)
            self._descriptors.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
