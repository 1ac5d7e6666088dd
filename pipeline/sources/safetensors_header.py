"""Which tensors does a safetensors file declare, and can its header be believed?

The file is 8 bytes of header length (little-endian), the header (JSON in UTF-8), then
the tensors' bytes one after another without holes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.dtypes import DTYPES
from pipeline.errors import SourceError
from pipeline.refs import TensorRef
from pipeline.sources.files import (
    is_unicode,
    read_head,
    readable,
    refuse_pointer,
    stamp_file,
)

# The reference implementation refuses larger headers too: a lie would cost memory.
MAX_HEADER_BYTES = 100_000_000
_MAX_SIZE = 2**63 - 1
_MAX_DIMENSIONS = 64  # as numpy and torch: more would only burn time in products
_AGAIN = "Download or copy the file again"
_REWRITE = "Save it again with safetensors' own save_file"


def read_header(path: Path) -> tuple[TensorRef, ...]:
    """The tensors that the file declares, by offset, then name; no value is read.

    `TensorRef.file` is the file's name, `offset` counts from the start of the file.
    Raises SourceError when the file is not what its header says, whatever the lie.
    """
    n_file_bytes = stamp_file(path).n_bytes
    text = _read_text(path, n_file_bytes)
    data_start = 8 + len(text)
    entries = _parse(path, text)
    entries.pop("__metadata__", None)
    tensors = sorted(
        (_read_entry(path, name, entry, data_start) for name, entry in entries.items()),
        key=lambda tensor: (tensor.offset, tensor.n_bytes, tensor.name),
    )
    _check_cover(path, tensors, data_start, n_file_bytes)
    return tuple(tensors)


def read_metadata(path: Path) -> dict[str, str]:
    """What the header says beside its tensors (`__metadata__`); text by text.

    Raises SourceError as `read_header` does.
    """
    metadata = _parse(path, _read_text(path, stamp_file(path).n_bytes)).get(
        "__metadata__"
    )
    if not isinstance(metadata, dict):
        return {}
    return {k: v for k, v in metadata.items() if isinstance(v, str)}


def _read_text(path: Path, n_file_bytes: int) -> bytes:
    head = read_head(path)
    refuse_pointer(path, head)
    if n_file_bytes < 8:
        raise _lie(
            path,
            f"{n_file_bytes} bytes long; safetensors begins with 8 bytes of length",
            _AGAIN,
        )
    n_bytes = int.from_bytes(head[:8], "little")
    if n_bytes > n_file_bytes - 8:
        raise _lie(
            path,
            f"the header claims {n_bytes} bytes but {n_file_bytes - 8} follow"
            f"{_guess(head)}",
            _AGAIN,
        )
    if n_bytes > MAX_HEADER_BYTES:
        raise _lie(
            path,
            f"the header claims {n_bytes} bytes; at most {MAX_HEADER_BYTES} are read",
            _REWRITE,
        )
    with readable(path), path.open("rb") as file:
        file.seek(8)
        return file.read(n_bytes)


def _guess(head: bytes) -> str:
    """What the file seems to be instead, for the message."""
    kinds = {
        b"PK\x03\x04": "it looks like a torch or zip file",
        b"\x80": "it looks like a pickle",
        b"<": "it looks like a web page",
        b"GGUF": "it looks like GGUF",
    }
    found = next((kind for magic, kind in kinds.items() if head.startswith(magic)), "")
    return f"; {found}" if found else ""


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    try:
        entries = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repeats)
    except UnicodeDecodeError as error:
        raise _lie(path, f"the header is not UTF-8 ({error})", _REWRITE) from error
    except (ValueError, RecursionError) as error:
        raise _lie(path, f"the header is not valid JSON ({error})", _AGAIN) from error
    if not isinstance(entries, dict):
        raise _lie(path, f"the header is {entries!r:.80}, not a JSON object", _REWRITE)
    return entries


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # A plain dict would keep the last of two equal names and lose a tensor silently.
    entries: dict[str, Any] = {}
    for name, value in pairs:
        if name in entries:
            raise ValueError(f"{name!r} is declared twice")
        entries[name] = value
    return entries


def _read_entry(path: Path, name: str, entry: Any, data_start: int) -> TensorRef:
    if not is_unicode(name):
        raise _lie(path, f"the tensor name {name!r} is not valid Unicode", _REWRITE)
    where = f"tensor {name!r}"
    if not isinstance(entry, dict):
        raise _lie(
            path, f"{where} is declared by {entry!r:.80}, not an object", _REWRITE
        )
    dtype = entry.get("dtype")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        known = ", ".join(DTYPES)
        raise _lie(path, f"{where} has dtype {dtype!r}; known are {known}", _REWRITE)
    shape = _read_sizes(path, f"the shape of {where}", entry.get("shape"))
    offsets = _read_sizes(
        path, f"the data_offsets of {where}", entry.get("data_offsets")
    )
    if len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _lie(
            path,
            f"the data_offsets of {where} are {list(offsets)}, not [begin, end]",
            _REWRITE,
        )
    n_bytes = offsets[1] - offsets[0]
    tensor = TensorRef(
        name, dtype, shape, path.name, n_bytes, offset=data_start + offsets[0]
    )
    n_bits = tensor.n_elements * DTYPES[dtype].bits
    if n_bits != 8 * n_bytes:
        raise _lie(
            path,
            f"{where} holds {n_bytes} bytes; {dtype} of shape {list(shape)} takes"
            f" {n_bits / 8:g}",
            _REWRITE,
        )
    return tensor


def _read_sizes(path: Path, what: str, sizes: Any) -> tuple[int, ...]:
    if (
        not isinstance(sizes, list)
        or len(sizes) > _MAX_DIMENSIONS
        # bool is an int to Python, and JSON's true would pass for 1.
        or not all(type(size) is int and 0 <= size <= _MAX_SIZE for size in sizes)
    ):
        raise _lie(path, f"{what} is {sizes!r:.80}, not a list of sizes", _REWRITE)
    return tuple(sizes)


def _check_cover(
    path: Path, tensors: list[TensorRef], data_start: int, n_file_bytes: int
) -> None:
    """Every byte after the header belongs to exactly one tensor."""
    position, before = data_start, "the header"
    for tensor in tensors:
        if tensor.offset != position:
            kind = "overlaps" if tensor.offset < position else "leaves a hole after"
            raise _lie(
                path,
                f"tensor {tensor.name!r} begins at byte {tensor.offset} and {kind}"
                f" {before}, which ends at {position}",
                _REWRITE,
            )
        position += tensor.n_bytes
        before = repr(tensor.name)
    if position > n_file_bytes:
        raise _lie(
            path,
            f"truncated: {n_file_bytes} bytes, the header promises {position}",
            _AGAIN,
        )
    if position < n_file_bytes:
        raise _lie(
            path,
            f"{n_file_bytes - position} bytes after the last tensor belong to none",
            _AGAIN,
        )


def _lie(path: Path, what: str, fix: str) -> SourceError:
    return SourceError(what, where=str(path), fix=fix)
