"""What does a stage measure at once? A checkpoint, and what may stand beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.refs import OF_SERIES, CheckpointSource, ModelRef

Takes = Literal["checkpoint", "pair", "probe_set", "task", "series"]


@dataclass(frozen=True)
class Beside:
    """A probe set or a task: its name, the digest of its content, where it lies."""

    name: str
    digest: str
    location: str = ""


@dataclass(frozen=True)
class Subject:
    """One thing to measure; `source` says whose rows come of it.

    `base` is the checkpoint that a pair's is compared with, `beside` the probe set or
    task that a checkpoint is measured on, `steps` the checkpoints of a training run.
    """

    source: CheckpointSource
    base: CheckpointSource | None = None
    beside: Beside | None = None
    steps: tuple[CheckpointSource, ...] = ()

    @property
    def ref(self) -> ModelRef:
        return self.source.ref

    @property
    def against(self) -> str:
        """What stands beside the checkpoint, as one text; empty where nothing does."""
        if self.base is not None:
            return str(self.base.ref)
        return self.beside.name if self.beside else ""

    @property
    def sources(self) -> tuple[CheckpointSource, ...]:
        """Every checkpoint that is read, the older first."""
        if self.steps:
            return self.steps
        return (self.base, self.source) if self.base else (self.source,)

    def __str__(self) -> str:
        if self.base is not None:
            return f"{self.base.ref} → {self.ref}"
        return f"{self.ref} on {self.beside.name}" if self.beside else str(self.ref)


def training_run(series: str, steps: tuple[CheckpointSource, ...]) -> Subject:
    """The subject that a whole series is; its rows bear no single revision."""
    location = steps[0].location if steps else series
    source = CheckpointSource(ModelRef(series, OF_SERIES), location, series=series)
    return Subject(source, steps=steps)
