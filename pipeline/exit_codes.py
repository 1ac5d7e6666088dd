"""What does a command's exit code say? The contract of scripts."""

from __future__ import annotations

from collections.abc import Iterable

DONE = 0
FAILED = 1
USAGE = 2
SOME_FAILED = 3
TRIPPED = 4
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports of any program whose reader went away


def exit_code(has_failed: Iterable[bool]) -> int:
    """0 when no checkpoint failed, else 3, be it the only one: 1 means nothing ran."""
    return SOME_FAILED if any(has_failed) else DONE
