"""What may a stage use of the machine, and how is it to run?"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from pipeline.machine import physical_memory, usable_processors
from pipeline.metrics.spectra.device import Device


def default_memory() -> int:
    """A quarter of the machine's memory in bytes, between 512 MiB and 4 GiB."""
    return min(max(physical_memory() // 4, 1 << 29), 1 << 32)


def new_run() -> str:
    """A name for one execution: sorts by time, unique."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """What every stage obeys and none is defined by: no result depends on it.

    `memory_bytes` bounds tensors held and matrices in work, beside the program.
    `verify` hashes the files again instead of trusting size and time; `replace` means
    to overwrite what stands under the same name, whatever it came from; `device` solves
    spectra. What fails and may pass is tried again after each pause of `retry_after`.
    """

    memory_bytes: int = field(default_factory=default_memory)
    threads: int = field(default_factory=usable_processors)
    verify: bool = False
    replace: bool = False
    local_files_only: bool = False
    device: Device = "auto"
    retry_after: tuple[float, ...] = ()
    run: str = field(default_factory=new_run)


AnySettings = TypeVar("AnySettings", bound=StageSettings)


def share(settings: AnySettings, n_tasks: int) -> AnySettings:
    """What each of several tasks side by side may use of memory and threads."""
    n_tasks = max(1, n_tasks)
    return dataclasses.replace(
        settings,
        memory_bytes=settings.memory_bytes // n_tasks,
        threads=-(-settings.threads // n_tasks),
    )
