"""What would a subject take? The form in which every stage says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.refs import CheckpointSource
from pipeline.stages.outcome import label

PlanStatus = Literal["new", "changed", "partial", "unchanged", "unreadable"]


@dataclass(frozen=True)
class Plan:
    """What one subject needs. Counts are None where they would require reading."""

    source: CheckpointSource
    status: PlanStatus
    n_tensors: int | None = None
    n_bytes: int | None = None
    n_bytes_to_read: int | None = None
    peak_memory_bytes: int | None = None
    seconds: float | None = None
    error: str = ""
    stage: str = "extract"
    against: str = ""

    @property
    def label(self) -> str:
        """The checkpoint as model@revision, and what stands beside it."""
        return label(self.source.ref, self.stage, self.against)
