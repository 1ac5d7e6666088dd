"""Which rows break the warehouse's rules? Every file of sql/checks, run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.query.answer import answer
from pipeline.query.definitions import locate_sql
from pipeline.query.header import Header, read_header

_SAMPLE = 20


@dataclass(frozen=True)
class CheckResult:
    """What a check found: `n_rows` rows that must not exist, the first in `sample`."""

    name: str
    question: str
    n_rows: int
    sample: pa.Table

    @property
    def is_passed(self) -> bool:
        return self.n_rows == 0


def list_checks() -> tuple[Header, ...]:
    """The shipped checks, by name."""
    return tuple(
        read_header(p) for p in sorted((locate_sql() / "checks").glob("*.sql"))
    )


def run_checks(root: Path) -> tuple[CheckResult, ...]:
    """Run every check over a warehouse; raises WarehouseError when there is none."""
    return tuple(_run_check(root, check) for check in list_checks())


def _run_check(root: Path, check: Header) -> CheckResult:
    rows = answer(root, check.sql, {}, where=check.name, files=())
    return CheckResult(
        name=check.name,
        question=check.question,
        n_rows=rows.num_rows,
        sample=rows.slice(0, _SAMPLE),
    )
