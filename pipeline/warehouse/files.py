"""How does a Parquet file come to be, whole or not at all?"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

# A temporary file this old was left by a killed process.
_STALE_SECONDS = 3600.0

# From Linux's fcntl.h: paths as they are, and two names that change places.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def table_bytes(frame: pa.Table, facts: Mapping[str, str]) -> pa.Buffer:
    """`frame` as Parquet: zstd, floats split by byte, dictionaries for text only.

    `facts` become metadata of the file, beside that of the fields.
    """
    encoded = {key.encode(): value.encode() for key, value in facts.items()}
    frame = frame.replace_schema_metadata(encoded)
    sink = pa.BufferOutputStream()
    leaves = [_leaf(field) for field in frame.schema]
    pq.write_table(
        frame,
        sink,
        compression="zstd",
        compression_level=3,
        use_dictionary=[path for path, kind in leaves if pa.types.is_string(kind)],
        use_byte_stream_split=[
            path for path, kind in leaves if pa.types.is_floating(kind)
        ],
        row_group_size=122_880,
    )
    return sink.getvalue()


def _leaf(field: pa.Field) -> tuple[str, pa.DataType]:
    """The Parquet path of a column's values, and their type."""
    if pa.types.is_list(field.type):
        return f"{field.name}.list.element", field.type.value_type
    return field.name, field.type


def replace_file(path: Path, content: pa.Buffer) -> None:
    """Write beside, flush to disk, rename: readers see the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def exchange(first: Path, second: Path) -> None:
    """Let two folders change places, in one step where the system can (Linux).

    Elsewhere in three renames: a reader in between would miss the second.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "renameat2"):
        here = ctypes.c_int(_AT_FDCWD)
        names = os.fsencode(first), os.fsencode(second)
        if libc.renameat2(here, names[0], here, names[1], _RENAME_EXCHANGE) == 0:
            return
        if ctypes.get_errno() not in {errno.ENOSYS, errno.EINVAL}:
            raise OSError(ctypes.get_errno(), "cannot exchange folders", str(second))
    aside = first.with_name(f"{first.name}.aside")
    second.rename(aside)
    first.rename(second)
    aside.rename(first)


def sweep_temporaries(root: Path) -> int:
    """Remove what killed writers left behind; how many files there were."""
    limit = time.time() - _STALE_SECONDS
    stale = [p for p in root.rglob(".*.tmp") if p.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
