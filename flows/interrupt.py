"""How does Ctrl-C end a flow? At once: Prefect would wait for a server that is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pipeline.exit_codes import INTERRUPTED

_GRACE_SECONDS = 5.0
_SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def quick_interrupt() -> Iterator[None]:
    """Within the block, Ctrl-C ends the process after a few seconds at most.

    Ctrl-C reaches the embedded server too, which dies of it; Prefect then asks it again
    and again, for minutes, and threads would finish their checkpoints. Nothing is lost:
    the warehouse is whole at any moment, and the next run goes on from there.
    """
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    timer = threading.Timer(_GRACE_SECONDS, _leave)
    timer.daemon = True
    timer.start()
    raise KeyboardInterrupt


def _leave() -> None:
    from prefect.server.api.server import SubprocessASGIServer

    SubprocessASGIServer().stop()  # does nothing where none was started
    if sys.stderr.isatty():
        sys.stderr.write(_SHOW_CURSOR)  # a progress bar hid it
    sys.stderr.write("weightlake: interrupted\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)
