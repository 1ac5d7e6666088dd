"""What may an extraction use, and where does it write? Options made into settings."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.extract import Settings
    from pipeline.metrics.spectra.device import Device

WAREHOUSE = Path("warehouse")

_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", re.IGNORECASE)
_MOST_THREADS = 1024
_LEAST_MEMORY = 64 * 2**20  # below this not even one block per thread fits


def make_settings(
    *,
    families: Sequence[str] = (),
    memory: str | None = None,
    threads: int | None = None,
    verify: bool = False,
    replace: bool = False,
    local_files_only: bool = False,
) -> Settings:
    """Settings of one run, checked; what is not said gets this machine's default.

    Raises UsageError for an unknown family, a size that is none, or no threads.
    """
    from pipeline.extract import Settings

    settings = Settings(
        families=check_families(families),
        verify=verify,
        replace=replace,
        local_files_only=local_files_only,
    )
    if memory is not None:
        settings = dataclasses.replace(settings, memory_bytes=parse_memory(memory))
    if threads is not None:
        settings = dataclasses.replace(settings, threads=check_threads(threads))
    return settings


def on_device(settings: Settings, device: Device) -> Settings:
    """The same, with spectra solved on a device.

    Raises UsageError where there is none such: every checkpoint would fail by it.
    """
    from pipeline.metrics.spectra.device import open_solver

    if device == "cuda":
        open_solver(device)
    return dataclasses.replace(settings, device=device)


def share(settings: Settings, n_tasks: int) -> Settings:
    """What each of several tasks side by side may use of memory and threads."""
    n_tasks = max(1, n_tasks)
    return dataclasses.replace(
        settings,
        memory_bytes=settings.memory_bytes // n_tasks,
        threads=-(-settings.threads // n_tasks),
    )


def check_families(names: Sequence[str]) -> tuple[str, ...]:
    """The families asked for, in their own order; the default ones for none.

    Raises UsageError for a name that is none, and for names without a word in them.
    """
    from pipeline.metrics.registry import default_families, list_families

    known = tuple(family.name for family in list_families())
    asked = [name for text in names for name in text.replace(",", " ").split()]
    if names and not asked:
        raise UsageError(
            "no family is named",
            fix=f"Leave it out for the usual ones, or choose from {', '.join(known)}",
        )
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise UsageError(
            f"no metric family is called {unknown[0]!r}",
            fix=f"The families are {', '.join(known)}",
        )
    return tuple(name for name in known if name in asked) or default_families()


def parse_memory(text: str) -> int:
    """Bytes of a size such as `4GiB`, `500 MB` or `1000000000`.

    Raises UsageError when it is no size, or too small to work in.
    """
    found = _SIZE.fullmatch(text)
    unit = found.group(2).lower() if found else ""
    if not found or unit not in _UNITS:
        raise UsageError(
            f"{text!r} is not a size of memory", fix="Write it as 4GiB, 500MB or bytes"
        )
    size = int(float(found.group(1)) * _UNITS[unit])
    if size < _LEAST_MEMORY:
        raise UsageError(
            f"{text!r} is too little memory to work in",
            fix=f"Give {_LEAST_MEMORY // 2**20} MiB or more",
        )
    return size


def check_threads(threads: int) -> int:
    """The number, if that many can be of use. Raises UsageError otherwise."""
    if threads < 1:
        raise UsageError(f"{threads} threads can do no work", fix="Give 1 or more")
    if threads > _MOST_THREADS:
        raise UsageError(
            f"{threads} threads are more than any machine has use for",
            fix=f"Give {_MOST_THREADS} or fewer; the default is a thread a processor",
        )
    return threads
