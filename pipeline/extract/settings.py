"""How is an extraction to run, and how did it end?"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from pipeline.errors import UsageError
from pipeline.metrics.families import DEFAULT_FAMILIES, FAMILIES
from pipeline.metrics.spectra.device import Device
from pipeline.metrics.tensor import Family
from pipeline.refs import CheckpointSource

_FAMILY_NAMES = tuple(family.name for family in FAMILIES)


def default_memory() -> int:
    """A quarter of the machine's memory in bytes, between 512 MiB and 4 GiB."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(physical // 4, 1 << 29), 1 << 32)


def new_run() -> str:
    """A name for one execution: sorts by time, unique."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"


@dataclass(frozen=True)
class Settings:
    """`memory_bytes` bounds tensors held and matrices in work, beside the program.

    `verify` hashes the files again instead of trusting size and time; `replace` means
    to overwrite what stands under the same name, whatever it came from; `device` solves
    spectra.
    """

    families: tuple[str, ...] = DEFAULT_FAMILIES
    memory_bytes: int = field(default_factory=default_memory)
    threads: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    verify: bool = False
    replace: bool = False
    local_files_only: bool = False
    device: Device = "auto"
    run: str = field(default_factory=new_run)

    def chosen_families(self) -> tuple[Family, ...]:
        """The families by name. Raises UsageError for a name that is none."""
        unknown = sorted(set(self.families) - set(_FAMILY_NAMES))
        if unknown:
            raise UsageError(
                f"no metric family is called {', '.join(unknown)}",
                fix=f"There are: {', '.join(_FAMILY_NAMES)}",
            )
        return tuple(family for family in FAMILIES if family.name in self.families)


@dataclass(frozen=True)
class Outcome:
    """How one checkpoint's extraction ended.

    `n_measured` tensors were measured, `n_reused` took their rows from an equal digest
    elsewhere in the warehouse; `n_bytes` were read; `notes` are what was odd. When
    `status` is failed, `error` says what, where and what to do, `may_pass` whether a
    later try may do better.
    """

    source: CheckpointSource
    status: Literal["measured", "unchanged", "failed"]
    seconds: float
    n_bytes: int = 0
    n_tensors: int = 0
    n_measured: int = 0
    n_reused: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""
    may_pass: bool = False
