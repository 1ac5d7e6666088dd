"""Which file is this, has it changed, and can it be read at all?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.refs import FileStamp

LFS_MAGIC = b"version https://git-lfs"


# Unix has the one and Windows the other, without which it ends at the first Ctrl-Z.
_FLAGS = ("O_CLOEXEC", "O_BINARY")


def stamp_file(path: Path, name: str | None = None) -> FileStamp:
    """Size and time of a regular file; `name` defaults to the file's own.

    Raises SourceError when there is none, or it is a pipe, a device or a folder.
    """
    with readable(path):
        facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise SourceError("not a regular file", where=str(path), fix="Name a file")
    return FileStamp(name or path.name, facts.st_size, facts.st_mtime_ns)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the system's refusals about `path` into SourceError."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(
            "the file is missing", where=str(path), fix="Download or copy it again"
        ) from error
    except OSError as error:
        raise SourceError(
            f"cannot be read ({error.strerror or error})",
            where=str(path),
            fix="Check that it exists and that you may read it",
        ) from error


def read_head(path: Path, n_bytes: int = 256) -> bytes:
    """The first bytes of a regular file, fewer when it is shorter."""
    stamp_file(path)  # opening a pipe would wait for ever
    with readable(path), path.open("rb", buffering=0) as file:
        return file.read(n_bytes) or b""


def refuse_pointer(path: Path, head: bytes) -> None:
    """Raise SourceError when the file is a Git LFS pointer instead of weights."""
    if not head.startswith(LFS_MAGIC):
        return
    size = next(
        (line[5:] for line in head.split(b"\n") if line.startswith(b"size ")), b""
    )
    claimed = f" of {size.decode()} bytes" if size.isdigit() else ""
    raise SourceError(
        f"a Git LFS pointer, not the weights{claimed} that it points to",
        where=str(path),
        fix="Run `git lfs pull` in its repository, or download the file itself",
    )


def is_unicode(text: str) -> bool:
    """Whether a table can hold the text: half a surrogate pair is no character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def open_bytes(path: Path) -> int:
    """A file descriptor for reading bytes; the caller closes it."""
    with readable(path):
        return os.open(
            path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        )
