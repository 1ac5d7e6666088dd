"""How are many checkpoints named in a picture? Briefly, with steps as a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Checkpoint:
    """A row or a line of a picture."""

    model: str
    revision: str
    step: int | None = None

    @property
    def name(self) -> str:
        if self.step is not None:
            return f"{self.model} step {self.step:,}"
        is_usual = self.revision == "main"
        return self.model if is_usual else f"{self.model}@{self.revision}"


def name_run(run: Sequence[Checkpoint]) -> str:
    """One name for several consecutive steps of a model."""
    first, last = run[0], run[-1]
    if len(run) == 1:
        return first.name
    return f"{first.model} steps {first.step:,} … {last.step:,} ({len(run)})"
