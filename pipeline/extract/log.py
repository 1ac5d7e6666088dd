"""What does the log keep of an extraction? A row per family, or one of the failure."""

from __future__ import annotations

import platform
from datetime import datetime
from typing import Any

from pipeline.extract.ledger import CHECKPOINT_FAMILY, CHECKPOINT_VERSION
from pipeline.extract.write import Result, tool_versions
from pipeline.stages.outcome import Outcome
from pipeline.tables import EXTRACTIONS
from pipeline.tables.rows import frame
from pipeline.warehouse import Warehouse, storable, write_named


def log_extraction(
    warehouse: Warehouse,
    run: str,
    outcome: Outcome,
    result: Result,
    started_at: datetime,
) -> None:
    """A row per family measured, and one for the reading itself."""
    versions = {CHECKPOINT_FAMILY: CHECKPOINT_VERSION}
    versions |= {family.name: family.version for family in result.families}
    rows = [
        _row(run, outcome, started_at)
        | {
            "family": family,
            "family_version": number,
            "n_rows": result.n_rows.get(family, 0),
            "n_bytes": outcome.n_bytes,
            "n_measured": outcome.n_measured,
            "n_reused": outcome.n_reused,
        }
        for family, number in versions.items()
    ]
    _write(warehouse, run, outcome, rows)


def log_failure(
    warehouse: Warehouse, run: str, outcome: Outcome, started_at: datetime
) -> None:
    """The row that a failed checkpoint leaves."""
    facts = {"family": CHECKPOINT_FAMILY, "error": outcome.error}
    _write(warehouse, run, outcome, [_row(run, outcome, started_at) | facts])


def _row(run: str, outcome: Outcome, started_at: datetime) -> dict[str, Any]:
    source = outcome.source
    return {
        "model": source.ref.model,
        "revision": source.ref.revision,
        "step": source.step,
        "run": run,
        "source": source.location,
        "status": outcome.status,
        "started_at": started_at,
        "wall_seconds": outcome.seconds,
        "versions": tool_versions(),
        "host": platform.node(),
    }


def _write(
    warehouse: Warehouse, run: str, outcome: Outcome, rows: list[dict[str, Any]]
) -> None:
    table = frame(EXTRACTIONS, rows)
    # That its labels are too long for folders may be why it failed.
    write_named(warehouse, EXTRACTIONS, storable(outcome.source.ref), table, run)
