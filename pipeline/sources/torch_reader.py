"""How are the bytes of a torch file's tensors handed out with bounded memory?"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources.files import stamp_file
from pipeline.sources.ranges import check_range, file_sizes, refuse_changed
from pipeline.sources.torch_header import load_entries
from pipeline.sources.torch_states import strip_wrappers


@dataclass(frozen=True)
class _Loaded:
    """A file's tensors by name, and the addresses at which it is mapped, if it is."""

    tensors: dict[str, Any]
    mapped: range


class TorchReader:
    """Copies from mapped files, giving their pages back.

    Files of torch before 1.6 cannot be mapped: one of them at a time is in memory.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._folder = Path(checkpoint.folder)
        self._sizes = file_sizes(checkpoint)
        self._files: dict[str, _Loaded] = {}
        self._rows: tuple[Any, ...] = ()
        self._lock = Lock()

    def read_into(self, tensor: TensorRef, start: int, out: NDArray[np.uint8]) -> None:
        check_range(tensor, start, out)
        if tensor.skip_reason:
            raise ValueError(f"{tensor.name!r} is skipped: {tensor.skip_reason}")
        if not len(out):
            return
        with self._lock:
            file = self._open(tensor.file)
            if tensor.name not in file.tensors:
                refuse_changed(self._folder / tensor.file)
            values = file.tensors[tensor.name].detach()
            if not values.ndim:
                values = values.resolve_conj().resolve_neg()
            if values.is_contiguous() and not (values.is_conj() or values.is_neg()):
                part = _as_bytes(values)[start : start + len(out)]
                out[:] = part
                _release(part, file.mapped)
            else:
                self._copy_rows(tensor, values, start, out)

    def _open(self, name: str) -> _Loaded:
        path = self._folder / name
        n_bytes = stamp_file(path).n_bytes
        # Each time: to touch a mapped page that the file has lost ends the process.
        if n_bytes != self._sizes.get(name, n_bytes):
            refuse_changed(path)
        if name not in self._files:
            self._files = {
                other: file for other, file in self._files.items() if file.mapped
            }
            entries = load_entries(path).entries
            # Under both names: whether wrappers' prefixes were removed depended on
            # the other shards too. A whole name comes before a shortened one.
            tensors = {strip_wrappers(one.name): one.tensor for one in entries}
            tensors |= {one.name: one.tensor for one in entries}
            self._files[name] = _Loaded(tensors, _find_mapping(path))
        return self._files[name]

    def _copy_rows(
        self, tensor: TensorRef, values: Any, start: int, out: NDArray[np.uint8]
    ) -> None:
        """Lay out only those rows that are asked for; the last ones are kept."""
        n_row_bytes = tensor.n_bytes // values.shape[0]
        first, last = start // n_row_bytes, -(-(start + len(out)) // n_row_bytes)
        if self._rows[:3] != (tensor.name, first, last):
            laid_out = values[first:last].resolve_conj().resolve_neg().contiguous()
            self._rows = (tensor.name, first, last, _as_bytes(laid_out), laid_out)
        begin = start - first * n_row_bytes
        out[:] = self._rows[3][begin : begin + len(out)]

    def close(self) -> None:
        with self._lock:
            self._files, self._rows = {}, ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _as_bytes(values: Any) -> NDArray[np.uint8]:
    import torch

    flat: NDArray[np.uint8] = values.reshape(-1).view(torch.uint8).numpy()
    return flat


def _find_mapping(path: Path) -> range:
    """The addresses at which Linux says that the file is mapped, none elsewhere."""
    if sys.platform != "linux":
        return range(0)
    name = os.path.realpath(path)
    for line in Path("/proc/self/maps").read_text(errors="replace").splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5] == name:
            begin, end = fields[0].split("-")
            return range(int(begin, 16), int(end, 16))
    return range(0)


def _release(part: NDArray[np.uint8], mapped: range) -> None:
    """Give the pages of a mapped file back: they would count as ours until the end.

    They are read again when needed. Never outside the mapping: memory of another kind
    would be lost, not given back.
    """
    begin = part.ctypes.data // mmap.PAGESIZE * mmap.PAGESIZE
    end = part.ctypes.data + part.nbytes
    if begin in mapped and end <= mapped.stop:
        libc = ctypes.CDLL(None)
        address, n_bytes = ctypes.c_void_p(begin), ctypes.c_size_t(end - begin)
        libc.madvise(address, n_bytes, mmap.MADV_DONTNEED)
