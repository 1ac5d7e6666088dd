"""What is the source code of a class? Read once, up to a limit of size."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from dataclasses import dataclass

# Longest source of one class; a longer one is cut with a note, to keep the page small.
MOST_CHARACTERS = 12_000
# Longest source of all classes of a page together.
MOST_TOTAL = 400_000


@dataclass(frozen=True)
class ClassSource:
    """A class by its full name; `code` is empty where it has no source in Python."""

    name: str
    code: str
    is_cut: bool = False


def read_sources(names: Iterable[str]) -> tuple[ClassSource, ...]:
    """The source of each class once, in the order given, until the limit is reached.

    Only modules that are imported already are read; no code is run.
    """
    found, total = [], 0
    for name in dict.fromkeys(names):
        code = _read(name) if total < MOST_TOTAL else ""
        cut = code[:MOST_CHARACTERS]
        total += len(cut)
        found.append(ClassSource(name, cut, is_cut=len(cut) < len(code)))
    return tuple(found)


def _read(name: str) -> str:
    module_name, _, class_name = name.rpartition(".")
    cls = getattr(sys.modules.get(module_name), class_name, None)
    if not isinstance(cls, type):
        return ""
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""  # a class made in a console or in C has no source
