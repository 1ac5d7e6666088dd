"""How did an extraction, a run or a comparison end? As a value that shows itself."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from pipeline.errors import SourceError
from weightlake.values.frames import to_frame

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


@dataclass(frozen=True, repr=False)
class Outcomes:
    """The outcome of every subject, one row each, and a summary of all.

    `table` has a column `status` (measured, unchanged, failed, …) and a column `error`.
    `notes` are what was odd, `failures` a line per subject that failed. `answer` reads
    the rows that were written, where a verb has some to show.
    """

    table: pa.Table
    summary: str
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    answer: Callable[[], pa.Table] | None = None

    @property
    def frame(self) -> pl.DataFrame:
        """One row per subject: its names, status, counts, seconds and error."""
        return to_frame(self.table)

    @property
    def rows(self) -> pl.DataFrame:
        """What was measured, as rows, where the verb has some to show; else `frame`."""
        return self.frame if self.answer is None else to_frame(self.answer())

    @property
    def has_failed(self) -> list[bool]:
        """Whether each subject failed, in the order of `frame`."""
        failed = {"failed", "unreadable"}
        return [status in failed for status in self.table.column("status").to_pylist()]

    def check(self) -> Self:
        """The same; raises SourceError that names what failed, if anything did."""
        if any(self.has_failed):
            raise SourceError(
                "; ".join(self.failures) or self.summary,
                fix="What could be measured is in the warehouse; mend these, go again",
            )
        return self

    def with_answer(self, answer: Callable[[], pa.Table]) -> Self:
        return replace(self, answer=answer)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return "\n".join([*self.notes, *self.failures, self.summary])

    def _repr_html_(self) -> str:
        lines = "".join(
            f"<p>{html.escape(line)}</p>" for line in repr(self).split("\n")
        )
        return f"{lines}{self.frame._repr_html_()}"
