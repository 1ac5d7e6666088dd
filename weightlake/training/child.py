"""What does the process beside a training do? It watches the folder of snapshots.

`python -m weightlake.training.child WORDS`, where WORDS are JSON. It ends when its
standard input does, which is also when its parent dies. A notice is a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from threading import Event, Thread

from pipeline.watch import as_json
from pipeline.zoo.settings import make_settings
from weightlake.training.measurer import Asked
from weightlake.verbs.watching import watch

_LOWEST = 19
_EVERY = 0.5  # seconds between two looks: a snapshot waits no longer for its turn


def give_way() -> None:
    """Take only what the training leaves of the processors; each system as it can."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif hasattr(os, "nice"):
        os.nice(_LOWEST)


def main(words: str) -> int:
    """Watch as `words` say; returns the exit code."""
    asked = Asked(**json.loads(words))
    give_way()
    ended = Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    Thread(target=wait_for_end, daemon=True).start()
    notices = watch(
        Path(asked.warehouse),
        asked.folder,
        make_settings(families=asked.families, threads=1),
        series=asked.name,
        compare=asked.compare,
        rules=[Path(folder) for folder in asked.rules],
        every=_EVERY,
        settle=0,  # snapshots appear whole
        ended=ended,
    )
    for notice in notices:
        sys.stdout.write(f"{as_json(notice)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
