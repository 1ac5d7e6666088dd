"""What does a folder of torch.distributed.checkpoint hold, as FSDP and Megatron write?

`.metadata` says which boxes of which tensors lie where in the `.distcp` files. torch
unpickles it freely; here it is read with a list of the classes that it may name.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Mapping
from math import prod
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources.files import read_head, readable, stamp_file
from pipeline.sources.ranges import check_range, refuse_changed
from pipeline.sources.torch_load import import_torch
from pipeline.sources.torch_names import TORCH_CODES
from pipeline.sources.torch_states import other_state, state_root

METADATA = ".metadata"
_MAX_METADATA = 1 << 28
_CLASSES = {
    "torch.distributed.checkpoint.metadata": {
        *("Metadata", "TensorStorageMetadata", "BytesStorageMetadata", "StorageMeta"),
        *("TensorProperties", "ChunkStorageMetadata", "MetadataIndex"),
        "_MEM_FORMAT_ENCODING",
    },
    "torch.distributed.checkpoint.filesystem": {"_StorageInfo", "_StoragePrefix"},
    "torch.serialization": {"_get_layout"},
    "torch": {"Size", *TORCH_CODES},
    "pathlib": {"Path", "PosixPath", "PurePosixPath"},
    "collections": {"OrderedDict"},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in _CLASSES.get(module, ()):
            raise pickle.UnpicklingError(f"names {module}.{name}, which is never run")
        return super().find_class(module, name)


def list_dcp(folder: Path) -> tuple[tuple[TensorRef, ...], list[str]]:
    """Every tensor that `.metadata` declares, by name, and notes; no value is read."""
    metadata = read_metadata(folder)
    paths = getattr(metadata, "planner_data", None)
    paths = paths if isinstance(paths, Mapping) else {}
    root = state_root([_path(paths, name) for name in metadata.state_dict_metadata])
    tensors, n_other = [], 0
    for name, entry in metadata.state_dict_metadata.items():
        if not hasattr(entry, "size"):
            n_other += 1
            continue
        path = _path(paths, name)
        shown = ".".join(path[1:]) if root and path[0] == root else name
        dtype = str(entry.properties.dtype).removeprefix("torch.")
        code = TORCH_CODES.get(dtype, dtype)
        reason = "" if dtype in TORCH_CODES else "unsupported_dtype"
        # Megatron's own planner keeps dotted names, and shards of states by slashes.
        above = [part for step in path for part in re.split(r"[./]", step)][:-1]
        why = next((w for part in above if (w := other_state(part))), reason)
        shape = tuple(entry.size)
        n_bytes = prod(shape) * entry.properties.dtype.itemsize
        tensors.append(
            TensorRef(shown, code, shape, METADATA, n_bytes, skip_reason=why)
        )
    notes = [f"{n_other} entries are no tensors"] if n_other else []
    if root:
        notes.append(f"weights are its entry {root}")
    return tuple(sorted(tensors, key=lambda one: one.name)), notes


def _path(paths: Mapping[Any, Any], name: str) -> tuple[str, ...]:
    stated = paths.get(name)
    if isinstance(stated, list | tuple) and stated:
        return tuple(str(part) for part in stated)
    return tuple(name.split("."))


def read_metadata(folder: Path) -> Any:
    """The `.metadata` of a folder. Raises SourceError for a class it may not name."""
    path = folder / METADATA
    import_torch(path)
    import torch.distributed.checkpoint  # noqa: F401  its classes are named in it

    try:
        metadata = _unpickle(path)
        list(metadata.state_dict_metadata.items())
        lost = next(filter(None, map(_outside, metadata.storage_data.values())), "")
    except SourceError:
        raise
    except Exception as error:  # a pickle raises whatever its parts stumble on
        raise _no_metadata(path, str(error)) from error
    if lost:
        raise _no_metadata(path, f"names the file {lost!r}")
    return metadata


def _unpickle(path: Path) -> Any:
    n_bytes = stamp_file(path).n_bytes
    if n_bytes > _MAX_METADATA:
        raise _no_metadata(path, f"{n_bytes} bytes of metadata")
    return _Unpickler(io.BytesIO(read_head(path, n_bytes))).load()


def _outside(info: Any) -> str:
    """The name of a file that is none of the folder's shards, empty when it is one."""
    name = str(info.relative_path)
    is_shard = name == Path(name).name and name.endswith(".distcp")
    return "" if is_shard else name


def _no_metadata(path: Path, why: str) -> SourceError:
    return SourceError(
        f"not the metadata of torch.distributed.checkpoint ({why:.200})",
        where=str(path),
        fix="Convert the folder where it was made, with"
        " torch.distributed.checkpoint.format_utils.dcp_to_torch_save",
    )


class DcpReader:
    """Puts rows together from the boxes that ranks wrote; one file's box in memory."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._folder = Path(checkpoint.folder)
        self._metadata = read_metadata(self._folder)
        shown = {one.name for one in checkpoint.tensors}
        self._keys = {
            (name if name in shown else name.partition(".")[2]): name
            for name in self._metadata.state_dict_metadata
        }
        self._held: tuple[Any, Any] = (None, None)
        self._lock = Lock()

    def read_into(self, tensor: TensorRef, start: int, out: NDArray[np.uint8]) -> None:
        check_range(tensor, start, out)
        if not len(out):
            return
        import torch

        key = self._keys[tensor.name]
        entry = self._metadata.state_dict_metadata[key]
        shape = tuple(entry.size) or (1,)
        n_row = tensor.n_bytes // shape[0]
        first, last = start // n_row, -(-(start + len(out)) // n_row)
        rows = torch.empty((last - first, *shape[1:]), dtype=entry.properties.dtype)
        n_filled = 0
        with self._lock:
            for chunk in entry.chunks:
                offsets = tuple(chunk.offsets) or (0,)
                sizes = tuple(chunk.sizes) or (1,)
                low = max(first, offsets[0])
                high = min(last, offsets[0] + sizes[0])
                if low >= high or not prod(sizes):
                    continue
                box = self._box(key, tuple(chunk.offsets))
                if box.numel() != prod(sizes):
                    refuse_changed(self._folder / METADATA)
                box = box.reshape(sizes)
                place = (
                    slice(low - first, high - first),
                    *(
                        slice(o, o + n)
                        for o, n in zip(offsets[1:], sizes[1:], strict=True)
                    ),
                )
                rows[place] = box[low - offsets[0] : high - offsets[0]]
                n_filled += (high - low) * prod(sizes[1:])
        if n_filled < rows.numel():
            raise SourceError(
                f"tensor {tensor.name!r}: parts of it are in no file",
                where=str(self._folder),
                fix="Copy all .distcp files of the step",
            )
        whole = rows.reshape(-1).view(torch.uint8).numpy()
        begin = start - first * n_row
        out[:] = whole[begin : begin + len(out)]

    def _box(self, key: str, offsets: tuple[int, ...]) -> Any:
        import torch

        if self._held[0] != (key, offsets):
            info = next(
                info
                for index, info in self._metadata.storage_data.items()
                if index.fqn == key and tuple(index.offset or ()) == offsets
            )
            path = self._folder / str(info.relative_path)
            if info.offset + info.length > stamp_file(path).n_bytes:
                refuse_changed(path)
            with readable(path), path.open("rb") as file:
                file.seek(info.offset)
                raw = io.BytesIO(file.read(info.length))
            try:
                box = torch.load(raw, map_location="cpu", weights_only=True)
                self._held = ((key, offsets), box.detach())
            except Exception as error:  # torch raises whatever its parser stumbled on
                raise SourceError(
                    f"the part of {key!r} at byte {info.offset} is damaged"
                    f" ({type(error).__name__})",
                    where=str(path),
                    fix="Download or copy it again",
                ) from error
        return self._held[1]

    def close(self) -> None:
        self._held = (None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
