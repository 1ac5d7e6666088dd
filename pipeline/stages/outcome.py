"""How did the measuring of one subject end?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.refs import CheckpointSource, ModelRef

Status = Literal["measured", "unchanged", "failed"]


@dataclass(frozen=True)
class Outcome:
    """Small and picklable: what crosses a task's border on the way back.

    `n_measured` tensors were measured, `n_reused` took their rows from an equal digest
    elsewhere in the warehouse; `n_bytes` were read, `n_rows` written; `notes` are what
    was odd. When `status` is failed, `error` says what, where and what to do,
    `may_pass` whether a later try may do better. `against` names what stood beside the
    checkpoint: the one it is compared with, a probe set, a task.
    """

    source: CheckpointSource
    status: Status
    seconds: float
    n_bytes: int = 0
    n_tensors: int = 0
    n_measured: int = 0
    n_reused: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""
    may_pass: bool = False
    n_rows: int = 0
    stage: str = "extract"
    against: str = ""

    @property
    def label(self) -> str:
        """The checkpoint as model@revision, and what stood beside it."""
        return label(self.source.ref, self.stage, self.against)


def label(ref: ModelRef, stage: str, against: str) -> str:
    """A subject as a line of a report names it."""
    between = {"compare": "against"}.get(stage, "on")
    return f"{ref} {between} {against}" if against else str(ref)
