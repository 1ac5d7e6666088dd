"""How far is a task? A value that any engine can carry to where the task runs."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

_COUNT = struct.Struct("<q")


@dataclass(frozen=True)
class Progress:
    """Counts bytes into a file that a watcher reads; without a path nothing is counted.

    A number appended in one write is whole or absent, from threads and processes alike.
    Where the file cannot be reached, as from another machine, nothing is counted.
    """

    path: str = ""

    def __call__(self, n_bytes: int) -> None:
        if not self.path:
            return
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except OSError:
            return  # the watcher has gone, or is elsewhere
        try:
            os.write(handle, _COUNT.pack(n_bytes))
        finally:
            os.close(handle)


def counted(path: Path) -> int:
    """The bytes that tasks have counted into the file so far."""
    content = path.read_bytes()
    whole = len(content) - len(content) % _COUNT.size
    return sum(number for (number,) in _COUNT.iter_unpack(content[:whole]))
