"""Which tensors does a GGUF file declare, and what does it say of its model?

The file is a magic number, a version, counts, key-value pairs, tensor entries, padding,
then the tensors' bytes. Sizes are stored innermost first; here they are in C order.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from pipeline.dtypes import DTYPES
from pipeline.errors import SourceError
from pipeline.quantised.ggml import BLOCK_TYPES, PLAIN_TYPES, name_unknown
from pipeline.refs import TensorRef
from pipeline.sources.files import read_head, readable, refuse_pointer, stamp_file

_AGAIN = "Download or convert the file again"
_BLOCKS = {kind.number: kind for kind in BLOCK_TYPES.values()}
# Numbers by GGUF's code of the type of a value; 8 is a string and 9 an array.
_NUMBERS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
# GGML itself has four.
_MAX_DIMENSIONS = 8
# Longer arrays are vocabularies: they are passed over.
_MAX_ITEMS = 1024

# What a file says of its sizes, and the key by which a config.json says it.
_SIZES = {
    "block_count": "num_hidden_layers",
    "embedding_length": "hidden_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "expert_count": "num_local_experts",
    "vocab_size": "vocab_size",
}


@dataclass(frozen=True)
class Header:
    """Tensors by offset, and the metadata without long arrays."""

    tensors: tuple[TensorRef, ...]
    metadata: dict[str, Any]


def read_gguf(path: Path) -> Header:
    """Read the header; no value is. Raises SourceError when it cannot be believed."""
    n_file_bytes = stamp_file(path).n_bytes
    refuse_pointer(path, read_head(path))
    if n_file_bytes < 24:
        raise _lie(path, f"{n_file_bytes} bytes long: no GGUF header")
    with (
        readable(path),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        cursor = _Cursor(path, data)
        n_tensors, n_pairs = _read_counts(cursor)
        metadata: dict[str, Any] = {}
        for _ in range(n_pairs):
            key = cursor.text()
            value = _read_value(cursor, cursor.number("<I"))
            if value is not None:
                metadata[key] = value
        entries = [_read_entry(cursor) for _ in range(n_tensors)]
    alignment = metadata.get("general.alignment", 32)
    if type(alignment) is not int or not 0 < alignment <= 1 << 20:
        raise _lie(path, f"general.alignment is {alignment!r}")
    start = -(-cursor.position // alignment) * alignment
    ends = _ends(entries, start, n_file_bytes)
    tensors = [_place(path, entry, start, ends) for entry in entries]
    _check_names(path, tensors)
    _check_kind(path, metadata)
    return Header(tuple(sorted(tensors, key=lambda one: one.offset)), metadata)


def to_config(metadata: dict[str, Any]) -> dict[str, Any]:
    """Sizes and architecture under the keys of a config.json."""
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str):
        return {}
    config: dict[str, Any] = {"architectures": [architecture], "format": "gguf"}
    for key, name in _SIZES.items():
        value = metadata.get(f"{architecture}.{key}")
        if isinstance(value, int):
            config[name] = value
    return config


class _Cursor:
    """Reads on from a position, and never past the end."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self.path = path
        self.position = 0
        self._data = data

    def take(self, n_bytes: int) -> bytes:
        stop = self.position + n_bytes
        if stop > len(self._data):
            what = f"the header ends at byte {len(self._data)}, inside an entry"
            raise _lie(self.path, what)
        taken = self._data[self.position : stop]
        self.position = stop
        return taken

    def number(self, kind: str) -> Any:
        return struct.unpack(kind, self.take(struct.calcsize(kind)))[0]

    def text(self) -> str:
        raw = self.take(self.number("<Q"))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            what = f"a name in the header is not UTF-8 ({error})"
            raise _lie(self.path, what) from error


def _read_counts(cursor: _Cursor) -> tuple[int, int]:
    magic, version = cursor.take(4), cursor.number("<I")
    if magic != b"GGUF":
        raise _lie(cursor.path, f"begins with {magic!r}, not with b'GGUF'")
    if version not in (2, 3):
        kind = "big-endian" if version & 0xFFFF == 0 else f"version {version}"
        raise _lie(cursor.path, f"a {kind} file; versions 2 and 3 are read")
    return cursor.number("<Q"), cursor.number("<Q")


def _read_value(cursor: _Cursor, kind: int) -> Any:
    """A value of metadata; None for one that is passed over."""
    if kind in _NUMBERS:
        return cursor.number(_NUMBERS[kind])
    if kind == _STRING:
        raw = cursor.take(cursor.number("<Q"))
        return raw.decode("utf-8", "replace")
    if kind != _ARRAY:
        raise _lie(cursor.path, f"metadata of an unknown type {kind}")
    inner, n_items = cursor.number("<I"), cursor.number("<Q")
    if inner in _NUMBERS:
        raw = cursor.take(n_items * struct.calcsize(_NUMBERS[inner]))
        if n_items > _MAX_ITEMS:
            return None
        return [number for (number,) in struct.iter_unpack(_NUMBERS[inner], raw)]
    if inner != _STRING:
        raise _lie(cursor.path, f"metadata with an array of type {inner}")
    for _ in range(n_items):
        cursor.take(cursor.number("<Q"))
    return None


@dataclass(frozen=True)
class _Entry:
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


def _read_entry(cursor: _Cursor) -> _Entry:
    name = cursor.text()
    n_dimensions = cursor.number("<I")
    if n_dimensions > _MAX_DIMENSIONS:
        raise _lie(cursor.path, f"tensor {name!r} has {n_dimensions} dimensions")
    shape = tuple(cursor.number("<Q") for _ in range(n_dimensions))
    return _Entry(name, shape[::-1], cursor.number("<I"), cursor.number("<Q"))


def _ends(entries: Sequence[_Entry], start: int, n_file_bytes: int) -> dict[int, int]:
    """By offset, where the next tensor begins, or the file ends."""
    offsets = sorted({entry.offset for entry in entries})
    following = [min(start + offset, n_file_bytes) for offset in offsets[1:]]
    return dict(zip(offsets, [*following, n_file_bytes], strict=False))


def _place(path: Path, entry: _Entry, start: int, ends: Mapping[int, int]) -> TensorRef:
    where, n = f"tensor {entry.name!r}", prod(entry.shape)
    offset, reason = start + entry.offset, ""
    n_file_bytes = max(ends.values())
    if entry.kind in PLAIN_TYPES:
        dtype = PLAIN_TYPES[entry.kind]
        n_bytes = n * DTYPES[dtype].bits // 8
    elif entry.kind in _BLOCKS:
        block = _BLOCKS[entry.kind]
        if not entry.shape or entry.shape[-1] % block.n_values:
            size = entry.shape[-1] if entry.shape else 1
            what = f"rows of {size} values, {block.name} holds {block.n_values} each"
            raise _lie(path, f"{where} has {what}")
        dtype, n_bytes = block.name, n // block.n_values * block.n_bytes
    else:
        # The size of such a block is unknown: it takes all bytes up to the next tensor.
        dtype = f"GGML_{entry.kind}"
        n_bytes = max(ends[entry.offset] - offset, 0)
        reason = f"unsupported: {name_unknown(entry.kind)}"
    if offset + n_bytes > n_file_bytes:
        what = f"{where} ends at byte {offset + n_bytes}, the file at {n_file_bytes}"
        raise _lie(path, f"truncated: {what}")
    return TensorRef(
        entry.name, dtype, entry.shape, path.name, n_bytes, offset, skip_reason=reason
    )


def _check_names(path: Path, tensors: Sequence[TensorRef]) -> None:
    names: set[str] = set()
    for tensor in tensors:
        if tensor.name in names:
            raise _lie(path, f"tensor {tensor.name!r} is declared twice")
        names.add(tensor.name)


def _check_kind(path: Path, metadata: dict[str, Any]) -> None:
    if metadata.get("general.type") == "imatrix":
        raise SourceError(
            "an importance matrix: statistics of activations, no weights",
            where=str(path),
            fix="Name the model's own GGUF file",
        )


def _lie(path: Path, what: str) -> SourceError:
    return SourceError(what, where=str(path), fix=_AGAIN)
