"""Measure one verdict or all: `python -m benchmarks.calibration [NAME …]`.

A verdict is a module of this folder with TITLE, INTRO and `measure() -> list[Rate]`;
its table replaces the section of its name in docs/calibration.md.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks.calibration.table import as_section, put_section

_OTHERS = ("__init__", "__main__", "small_runs", "table")


def main(names: list[str]) -> None:
    folder = Path(__file__).parent
    known = sorted(p.stem for p in folder.glob("*.py") if p.stem not in _OTHERS)
    for name in names or known:
        verdict = import_module(f"benchmarks.calibration.{name}")
        began = time.monotonic()
        section = as_section(verdict.TITLE, verdict.INTRO, verdict.measure())
        put_section(name, section)
        print(section)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
