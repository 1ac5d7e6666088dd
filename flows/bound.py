"""How does a server end with the process that started it, even when that is killed?

`python …/bound.py MODULE WORDS…` is `python -m MODULE WORDS…`, but for that.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # from Linux's prctl.h


def main() -> None:
    """Ask the kernel for a signal at the parent's death, and become the module.

    Linux alone has it; elsewhere a server outlives a parent that was killed outright.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
