"""Was a file replaced while DuckDB read it? Then the rows may be of neither version.

DuckDB opens a file more than once in a query: by its footer, then for each thread. A
file that is renamed into its place in between is read with the other one's footer,
which is an error at best. Writers hold `.lock` and are seldom at work, so the files are
compared only when one is or has just been.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

# A writer that has taken the lock later than this may still go on to the next file.
_QUIET_SECONDS = 5.0

Stamps = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Watch:
    """What was seen before a query: the last writer, and the files if one is about."""

    root: Path
    folders: tuple[str, ...]
    writer: float
    files: Stamps | None


def watch_files(root: Path, folders: Iterable[str]) -> Watch:
    """Look, before a query, at the files under these folders of a warehouse."""
    writer = _last_writer(root)
    watch = Watch(root, tuple(folders), writer, None)
    if _is_locked(root) or time.time() - writer < _QUIET_SECONDS:
        return replace(watch, files=_stamps(watch))
    return watch


def is_replaced(watch: Watch) -> bool:
    """Whether a file that lay there before the query is another one now, or gone.

    True also where a writer came while nobody compared files: then ask again.
    """
    if watch.files is None:
        return _last_writer(watch.root) != watch.writer
    now = _stamps(watch)
    return any(now.get(path) != stamp for path, stamp in watch.files.items())


def _last_writer(root: Path) -> float:
    """When a writer last asked for the lock; opening it for writing says so."""
    try:
        return (root / ".lock").stat().st_mtime
    except OSError:
        return 0.0


def _is_locked(root: Path) -> bool:
    """Whether a writer holds the lock now; it is not taken, a reader never waits."""
    try:
        with (root / ".lock").open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # no writer was ever here, or the file system knows no locks
    return False


def _stamps(watch: Watch) -> Stamps:
    """Every Parquet file under the folders, by its inode and time."""
    found: Stamps = {}
    for folder in watch.folders:
        found.update(_below(watch.root / folder))
    return found


def _below(folder: Path | str) -> Iterator[tuple[str, tuple[int, int]]]:
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except FileNotFoundError:
        return
    for entry in found:
        if entry.is_dir():
            yield from _below(entry.path)
        elif entry.name.endswith(".parquet"):
            try:
                facts = entry.stat()
            except FileNotFoundError:
                continue
            yield entry.path, (facts.st_ino, facts.st_mtime_ns)
