"""Which arrays does an HDF5 file hold: Keras's .h5, .weights.h5 and .keras?

Links and virtual data sets that lead to other files are refused: values of a checkpoint
lie in the checkpoint.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.array_file import (
    Array,
    code_of,
    import_library,
    leads_out,
    not_such,
)
from pipeline.sources.files import read_head, refuse_pointer

_WEIGHTS = "model.weights.h5"  # in a .keras archive
_PREFIXES = ("model_weights/",)
_OPTIMIZER = ("optimizer_weights/", "optimizer/")
_MAX_DEPTH = 64


class Hdf5File:
    """`arrays` are all data sets of numbers, by their path in the file."""

    def __init__(self, path: Path) -> None:
        h5py = import_library(path, _import, "keras")
        self._path, self._h5py = path, h5py
        refuse_pointer(path, read_head(path))
        self._archive: zipfile.ZipFile | None = None
        source: Any = path
        if path.name.endswith(".keras"):
            if not zipfile.is_zipfile(path):
                raise not_such(path, "no zip archive")
            self._archive = zipfile.ZipFile(path)
            if _WEIGHTS not in self._archive.namelist():
                raise not_such(path, f"no {_WEIGHTS} in it")
            source = self._archive.open(_WEIGHTS)
        self._file = h5py.File(source, "r")
        self.arrays: list[Array] = []
        self._n_other = 0
        try:
            for key, data in self._walk(self._file, "", frozenset()):
                self._add(key, data)
        except BaseException:
            self.close()
            raise

    @property
    def notes(self) -> list[str]:
        return [f"{self._n_other} data sets hold no numbers"] if self._n_other else []

    def _walk(
        self, group: Any, prefix: str, above: frozenset[int]
    ) -> Iterator[tuple[str, Any]]:
        h5py = self._h5py
        place = h5py.h5o.get_info(group.id).addr
        if place in above or len(above) > _MAX_DEPTH:
            return
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise leads_out(self._path, f"links to the file {link.filename!r}")
            if isinstance(link, h5py.SoftLink):
                self._n_other += 1  # a second name of what is listed anyway
                continue
            child = group[name]
            if isinstance(child, h5py.Group):
                yield from self._walk(child, f"{prefix}{name}/", above | {place})
            elif isinstance(child, h5py.Dataset):
                yield f"{prefix}{name}", child

    def _add(self, key: str, data: Any) -> None:
        if data.is_virtual or data.external:
            raise leads_out(self._path, f"{key!r} lies in other files")
        if data.shape is None or data.dtype.kind not in "fiubc":
            self._n_other += 1
            return
        code, reason = code_of(data.dtype.name)
        if key.startswith(_OPTIMIZER):
            reason = "optimizer_state"
        elif data.size and not data.id.get_storage_size():
            reason = reason or "no_data"
        name = key
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        name = name.removesuffix(":0").replace("/", ".")
        self.arrays.append(Array(name, key, code, tuple(data.shape), reason))

    def rows(self, key: str, start: int, stop: int) -> NDArray[Any]:
        data = self._file[key]
        found = np.asarray(data[start:stop] if data.shape else data[()])
        return found.astype(found.dtype.newbyteorder("<"), copy=False)

    def close(self) -> None:
        self._file.close()
        if self._archive:
            self._archive.close()


def _import() -> Any:
    import h5py

    return h5py
