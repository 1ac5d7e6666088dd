"""Who measures the snapshots? A process beside the training, at the lowest priority."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from pipeline.watch.notices import read_json

if TYPE_CHECKING:
    from pipeline.watch.notices import Notice

_log = logging.getLogger("weightlake")
_PATIENCE_SECONDS = 600  # for the last snapshots, at the end


@dataclass(frozen=True)
class Asked:
    """What the process watches, and how: texts alone, as they travel on its command.

    `folder` holds the steps of the training run `name`.
    """

    folder: str
    warehouse: str
    name: str
    families: tuple[str, ...] = ()
    compare: bool = False
    rules: tuple[str, ...] = ()


class Measurer:
    """`weightlake.training.child` over a folder; `each` hears what it says.

    `each` is called in a thread of the measurer's own.
    """

    def __init__(self, asked: Asked, each: Callable[[Notice], None]) -> None:
        self._each = each
        self._awaited: set[str] = set()
        home = str(Path(__file__).resolve().parents[2])
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and words
            [
                sys.executable,
                "-m",
                "weightlake.training.child",
                json.dumps(asdict(asked)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            # Ctrl-C is the training's: what was taken is still measured. A session of
            # its own would have a share of the processors, whatever its priority.
            process_group=0,
        )
        self._hearing = Thread(target=self._hear, name="weightlake", daemon=True)
        self._hearing.start()

    @property
    def is_busy(self) -> bool:
        """Whether a snapshot that was announced is not measured yet."""
        return bool(self._awaited) and self._process.poll() is None

    def await_one(self, folder: Path) -> None:
        self._awaited.add(folder.name)

    def forget(self, folder: Path) -> None:
        self._awaited.discard(folder.name)

    def end(self) -> None:
        """Let it measure what is there, and wait until it has."""
        if self._process.stdin is not None:
            self._process.stdin.close()  # which is the word to end
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _log.warning("the last snapshots were not measured in time")
        self._hearing.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._process.returncode:
            _log.warning(
                "the measuring process ended with %d", self._process.returncode
            )

    def _hear(self) -> None:
        for line in self._process.stdout or ():
            notice = read_json(line)
            if notice.kind in {"measured", "failed"}:
                self._awaited.discard(notice.revision)
            self._each(notice)
