"""Is the warehouse sound? The checks as a value that shows what tripped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.query import CheckResult
from weightlake.values.frames import to_frame

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, repr=False)
class Checks:
    """Every check with its count of rows that must not exist."""

    results: tuple[CheckResult, ...]

    @property
    def table(self) -> pa.Table:
        """One row per check: check, question, n_rows."""
        results = self.results
        return pa.table(
            {
                "check": pa.array([each.name for each in results], pa.string()),
                "question": pa.array([each.question for each in results], pa.string()),
                "n_rows": pa.array([each.n_rows for each in results], pa.int64()),
            }
        )

    @property
    def frame(self) -> pl.DataFrame:
        """The same as a polars frame."""
        return to_frame(self.table)

    @property
    def tripped(self) -> tuple[CheckResult, ...]:
        """Those that found rows; `sample` of each holds the first twenty."""
        return tuple(each for each in self.results if each.n_rows)

    @property
    def summary(self) -> str:
        return f"{len(self.results)} checks, {len(self.tripped)} tripped"

    def __bool__(self) -> bool:
        """Whether nothing tripped."""
        return not self.tripped

    def __repr__(self) -> str:
        lines = [f"{each.name}: {each.n_rows} rows" for each in self.tripped]
        return "\n".join([self.summary, *lines])

    def _repr_html_(self) -> str:
        return self.frame._repr_html_()
