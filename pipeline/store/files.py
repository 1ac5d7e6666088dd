"""How does a file come to be whole or not at all, and how do folders change places?"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from pathlib import Path
from uuid import uuid4

from pipeline.store.protocol import Content

# A temporary file this old was left by a killed process.
_STALE_SECONDS = 3600.0

# From Linux's fcntl.h: paths as they are, and two names that change places.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_file(path: Path, content: Content) -> None:
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
