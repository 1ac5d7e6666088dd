"""How far is it, in a notebook? A bar below the cell, which the next count replaces."""

from __future__ import annotations

import html
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.text.units import human_bytes

_PAUSE_SECONDS = 0.2  # a browser draws no quicker, and every update is a message


def is_notebook() -> bool:
    """Whether a Jupyter kernel runs this; a terminal's IPython has a terminal's bar."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def notebook_bar(
    total: int, label: str, *, unit: str = "bytes"
) -> tuple[Callable[[int], None], ...]:
    """`advance(n)` and `reach(n)` of a bar of `total` bytes or tokens, any thread."""
    from IPython import display as shown_by  # untyped

    ipython: Any = shown_by
    begun, lock = time.monotonic(), threading.Lock()
    done, shown = 0, begun
    write = human_bytes if unit == "bytes" else (lambda n: f"{n:,} {unit}")

    def picture() -> Any:
        seconds = time.monotonic() - begun
        rest = f", {write(int(done / seconds))}/s" if seconds else ""
        text = f"{write(done)} of {write(total)}{rest}"
        bar = f'<progress value="{done}" max="{max(total, 1)}"></progress>'
        return ipython.HTML(f"{html.escape(label)} {bar} {text}")

    handle = ipython.display(picture(), display_id=True)

    def count(n_bytes: int, *, from_zero: bool) -> None:
        nonlocal done, shown
        with lock:
            done = n_bytes if from_zero else done + n_bytes
            now = time.monotonic()
            if done >= total or now - shown >= _PAUSE_SECONDS:
                shown = now
                handle.update(picture())

    return partial(count, from_zero=False), partial(count, from_zero=True)
