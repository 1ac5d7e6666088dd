"""How does one writer at a time hold a folder, also where there is no `flock`?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from uuid import uuid4

# For systems without `flock` alone: how often the holder shows that it lives, after how
# long without a sign it counts as dead, and how long a writer waits between two tries.
BEAT_SECONDS = 2.0
DEAD_SECONDS = 20.0
_PAUSE_SECONDS = 0.01

_held = threading.local()


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock `path` for this thread, which may take it again inside.

    The time of the file says when a writer last came. Raises OSError where the file
    cannot be opened for writing.
    """
    paths: set[Path] = _held.__dict__.setdefault("paths", set())
    if path in paths:
        yield
        return
    with _flocked(path) if _fcntl() else _marked(path):
        paths.add(path)
        try:
            yield
        finally:
            paths.discard(path)


def is_held(path: Path) -> bool:
    """Whether a writer holds the lock now; it is not taken."""
    fcntl = _fcntl()
    if fcntl is None:
        return _is_alive(_mark(path))
    try:
        with path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # no writer was ever here, or the file system knows no locks
    return False


def _fcntl() -> ModuleType | None:
    """The module, which only Unix has."""
    try:
        import fcntl
    except ImportError:
        return None
    return fcntl


@contextmanager
def _flocked(path: Path) -> Iterator[None]:
    """By the kernel, which lets go of it when the process ends."""
    import fcntl

    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _marked(path: Path) -> Iterator[None]:
    """By a file that only one can create, kept young while it is held."""
    path.open("w").close()
    mark, owner = _mark(path), uuid4().hex
    while not _create(mark, owner):
        if not _is_alive(mark):
            _bury(mark)
        time.sleep(_PAUSE_SECONDS)
    done = threading.Event()
    beat = threading.Thread(target=_keep_young, args=(mark, done), daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()
        beat.join()
        mark.unlink(missing_ok=True)


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.held")


def _create(mark: Path, owner: str) -> bool:
    try:
        with mark.open("x") as handle:
            handle.write(owner)
    except FileExistsError:
        return False
    return True


def _is_alive(mark: Path) -> bool:
    """Whether the holder has given a sign of late."""
    try:
        return time.time() - mark.stat().st_mtime < DEAD_SECONDS
    except OSError:
        return False  # the lock is free


def _bury(mark: Path) -> None:
    """Remove the mark of a dead holder; of those who try at once, one renames it."""
    grave = mark.with_name(f"{mark.name}.{uuid4().hex}.tmp")
    with suppress(OSError):
        mark.rename(grave)
    grave.unlink(missing_ok=True)


def _keep_young(mark: Path, done: threading.Event) -> None:
    while not done.wait(BEAT_SECONDS):
        with suppress(OSError):
            mark.touch()
