"""How does a training loop record its model? A copy now and then, measured elsewhere.

A process beside the training, at the lowest priority, measures each copy and asks the
rules. Training waits for the copy alone, and never for longer than its stated share.
"""

from __future__ import annotations

import csv
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from pipeline.errors import UsageError, WeightlakeError
from pipeline.sources.training_logs import METRICS_FILE
from weightlake.training.measurer import Asked, Measurer
from weightlake.training.snapshot import Snapshot, config_of

if TYPE_CHECKING:
    import torch

    from pipeline.watch import Notice

_log = logging.getLogger("weightlake")


class Recorder:
    """Records a model into a warehouse while it trains::

        recorder = Recorder("warehouse", "my-run", every=100)
        for step, batch in enumerate(batches):
            ...
            recorder.step(model, step, loss=float(loss))
        recorder.close()

    After construction nothing raises: a failure of recording is a warning of the logger
    `weightlake`, and training goes on.

    Args:
        warehouse: Folder or bucket of the tables.
        name: The training run; model and series are called so.
        every: Steps between two snapshots.
        share: The most of the time since the start that snapshots may take, 0 to 1. One
            that would take more is left out and counted.
        families: As for `extract`.
        compare: Compare each snapshot with the one before, too.
        rules: Folders of your own rules.
        on_alarm: Called in a thread of its own with each alarm.
        keep: A folder in which the snapshots stay, as checkpoints. Without it each is
            removed once the next is measured.

    Attributes:
        notices: What happened so far: measured, failed, alarms.
        n_skipped: Snapshots left out, for time or because the last is not measured yet.
        seconds: Time that training waited for snapshots.

    Raises:
        UsageError: For an option that means nothing.

    """

    def __init__(
        self,
        warehouse: str | os.PathLike[str],
        name: str,
        *,
        every: int = 100,
        share: float = 0.02,
        families: Sequence[str] = (),
        compare: bool = False,
        rules: Sequence[str | os.PathLike[str]] = (),
        on_alarm: Callable[[Notice], None] | None = None,
        keep: str | os.PathLike[str] | None = None,
    ) -> None:
        if every < 1:
            raise UsageError(f"every is {every} steps", fix="Give 1 or more")
        if not 0 < share <= 1:
            raise UsageError(f"share is {share}", fix="Give more than 0, at most 1")
        if not name.strip():
            raise UsageError("the run has no name", fix="Give it one")
        self.notices: list[Notice] = []
        self.n_skipped = 0
        self.seconds = 0.0
        self._every, self._share, self._on_alarm = every, share, on_alarm
        self._began = time.monotonic()
        self._longest = 0.0
        self._last: int | None = None
        self._logged: dict[int, dict[str, float]] = {}
        self._written: dict[int, Path] = {}
        self._snapshot = Snapshot()
        self._writing: Thread | None = None
        self._is_kept = keep is not None
        self._is_closed = not _is_first_process()
        self._measurer: Measurer | None = None  # starts with the first snapshot
        self._folder = Path(keep or os.curdir)
        if self._is_closed:
            return
        self._folder = Path(keep or tempfile.mkdtemp(prefix="weightlake"))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._asked = Asked(
            str(self._folder),
            os.fspath(warehouse),
            name,
            families=tuple(families),
            compare=compare,
            rules=tuple(os.fspath(folder) for folder in rules),
        )

    def step(self, module: torch.nn.Module, step: int, **logged: float) -> bool:
        """Count an optimiser step; every so many, take a snapshot. True if it did.

        `logged` are values of this step, such as the loss: they go to `training_log`.
        """
        if self._is_closed:
            return False
        self.log(step, **logged)
        if step % self._every or step == self._last:
            return False
        self._last = step
        began = time.monotonic()
        if self.is_busy or self._would_take_too_long(began):
            self.n_skipped += 1
            return False
        try:
            self._snapshot.take(module)
            self._write(step, config_of(module))
        except WeightlakeError as error:
            _log.warning("not recorded: %s", error)
            self.close()
            return False
        finally:
            took = time.monotonic() - began
            self.seconds += took
            self._longest = max(self._longest, took)
        return True

    @property
    def is_busy(self) -> bool:
        """Whether the last snapshot is not measured yet: the next would be left out."""
        is_writing = self._writing is not None and self._writing.is_alive()
        return is_writing or (self._measurer is not None and self._measurer.is_busy)

    def log(self, step: int, **logged: float) -> None:
        """Keep values of a step; they are written with the next snapshot."""
        if logged:
            self._logged.setdefault(step, {}).update(
                {name: float(value) for name, value in logged.items()}
            )

    def close(self) -> None:
        """Wait until what was taken is measured, and end the process beside."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._writing is not None:
            self._writing.join()
        self._write_log()
        if self._measurer is not None:
            self._measurer.end()
        if not self._is_kept:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self.n_skipped:
            _log.warning("%d snapshots were left out", self.n_skipped)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _would_take_too_long(self, now: float) -> bool:
        """The first is always taken: nothing says yet how long one takes."""
        return self.seconds + self._longest > self._share * (now - self._began) and (
            self.seconds > 0
        )

    def _write(self, step: int, config: dict[str, Any] | None) -> None:
        folder = self._folder / f"step-{step}"
        self._write_log()
        measurer = self._measurer or Measurer(self._asked, self._hear)
        self._measurer = measurer
        measurer.await_one(folder)
        self._written[step] = folder

        def write() -> None:
            try:
                self._snapshot.write(folder, config)
            except OSError as error:
                measurer.forget(folder)
                _log.warning("step %d is not recorded: %s", step, error)

        self._writing = Thread(target=write, name=f"weightlake step {step}")
        self._writing.start()

    def _write_log(self) -> None:
        """metrics.csv beside the steps, where the log of a series lies."""
        names = sorted({name for each in self._logged.values() for name in each})
        if not names:
            return
        hidden = self._folder / f".{METRICS_FILE}"
        with hidden.open("w", newline="", encoding="utf-8") as file:
            rows = csv.DictWriter(file, ["step", *names], restval="")
            rows.writeheader()
            for step in sorted(self._logged):
                rows.writerow({"step": step, **self._logged[step]})
        hidden.replace(self._folder / METRICS_FILE)

    def _hear(self, notice: Notice) -> None:
        self.notices.append(notice)
        if notice.kind in {"measured", "failed"} and not self._is_kept:
            self._remove_before(notice.step)
        if notice.kind == "alarm":
            _log.warning("%s: %s", notice.rule, notice.text)
            if self._on_alarm is not None:
                self._on_alarm(notice)
        elif notice.kind not in {"measured", "waiting"}:
            _log.warning("%s: %s", notice.kind, notice.text)

    def _remove_before(self, step: int | None) -> None:
        """What was measured goes, but for the last: the next is compared with it."""
        for number, folder in list(self._written.items()):
            if step is not None and number < step:
                shutil.rmtree(folder, ignore_errors=True)
                del self._written[number]


def _is_first_process() -> bool:
    """Of several that train one model, the first records."""
    return int(os.environ.get("RANK", "0") or 0) == 0
