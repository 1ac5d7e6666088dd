"""How far is it? A bar on a terminal and in a notebook, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal

from pipeline.zoo.notebook import is_notebook, notebook_bar

if TYPE_CHECKING:
    from pipeline.stages import Progress

Unit = Literal["bytes", "tokens"]
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Meter:
    """`advance(n)` counts on, `reach(n)` sets the count, `say` writes a line."""

    advance: Callable[[int], None]
    reach: Callable[[int], None]
    say: Callable[[str], None]


@contextmanager
def open_meter(total: int, label: str, *, unit: Unit = "bytes") -> Iterator[Meter]:
    """A meter for `total` bytes or tokens, on stderr or below the cell of a notebook.

    It shows what is done, the rate and the time that remains. Elsewhere only `say`
    writes. All three functions may be called from any thread.
    """
    if is_notebook():
        advance, reach = notebook_bar(total, label, unit=unit)
        yield Meter(advance, reach, say)
        return
    if not sys.stderr.isatty():
        yield Meter(_ignore, _ignore, say)
        return
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    counts: tuple[progress.ProgressColumn, ...] = (
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
    )
    if unit == "tokens":
        counts = (
            progress.MofNCompleteColumn(),
            progress.TextColumn("tokens, {task.fields[rate]}"),
        )
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        *counts,
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=max(total, 1), rate="")

        def reach(n: int) -> None:
            # The total of tokens is an estimate: what is done is not beyond it.
            speed = bar.tasks[0].speed or 0
            most = max(n, total, 1)
            bar.update(task, completed=n, total=most, rate=f"{speed:,.0f}/s")

        yield Meter(
            lambda n: bar.advance(task, n),
            reach,
            lambda text: console.print(_one_line(text), markup=False, soft_wrap=True),
        )


@contextmanager
def counting(meter: Meter) -> Iterator[Progress]:
    """A progress that tasks of any engine on this machine carry, shown by `meter`.

    Without a terminal nothing is counted.
    """
    # Every verb imports this file, and few of them measure.
    from pipeline.stages.progress import Progress, counted

    if meter.advance is _ignore:
        yield Progress()
        return
    with TemporaryDirectory(prefix="weightlake") as folder:
        path = Path(folder) / "bytes"
        path.touch()
        ended = Event()

        def follow() -> None:
            while not ended.wait(_LOOK_SECONDS):
                meter.reach(counted(path))

        watcher = Thread(target=follow, name="progress", daemon=True)
        watcher.start()
        try:
            yield Progress(str(path))
        finally:
            ended.set()
            watcher.join()


def say(text: str) -> None:
    """One line on stderr, where everything goes that is not a result."""
    sys.stderr.write(f"{_one_line(text)}\n")
    sys.stderr.flush()


def _one_line(text: str) -> str:
    """The text with line ends, which labels may hold, and the like as escapes."""
    from pipeline.text.cells import printable  # brings pyarrow

    return printable(text)


def _ignore(_: int) -> None:
    pass
