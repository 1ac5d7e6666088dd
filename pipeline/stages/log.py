"""What does the log keep? A row per part that was measured, or one of the failure."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime

import xxhash

from pipeline.row import Row
from pipeline.stages.outcome import Outcome
from pipeline.stages.stage import Job
from pipeline.stages.write import tool_versions
from pipeline.tables import EXTRACTIONS
from pipeline.tables.rows import frame
from pipeline.warehouse import Warehouse, storable, write_named


def log_measured(
    job: Job,
    outcome: Outcome,
    started_at: datetime,
    *,
    n_rows: Mapping[str, int],
    versions: Mapping[str, int],
) -> None:
    """A row per part: what it wrote, and what it cost in CPU seconds."""
    seconds = job.costs.by_part()
    rows = [
        _row(job.settings.run, outcome, started_at)
        | {
            "parameter_set": job.parameter_set,
            "parameters": job.parameters_json,
            "family": part,
            "family_version": number,
            "n_rows": n_rows.get(part, 0),
            "n_bytes": outcome.n_bytes,
            "n_measured": outcome.n_measured,
            "n_reused": outcome.n_reused,
            "cpu_seconds": seconds.get(part, 0.0),
        }
        for part, number in versions.items()
    ]
    _write(job.warehouse, outcome, job.settings.run, rows)


def log_failure(
    warehouse: Warehouse,
    run: str,
    outcome: Outcome,
    started_at: datetime,
    *,
    family: str = "checkpoint",
) -> None:
    """The row that a failed subject leaves."""
    facts = {"family": family, "error": outcome.error}
    _write(warehouse, outcome, run, [_row(run, outcome, started_at) | facts])


def _row(run: str, outcome: Outcome, started_at: datetime) -> Row:
    source = outcome.source
    return {
        "model": source.ref.model,
        "revision": source.ref.revision,
        "step": source.step,
        "run": run,
        "stage": outcome.stage,
        "against": outcome.against or None,
        "source": source.location,
        "status": outcome.status,
        "started_at": started_at,
        "wall_seconds": outcome.seconds,
        "versions": tool_versions(),
        "host": platform.node(),
    }


def _write(warehouse: Warehouse, outcome: Outcome, run: str, rows: list[Row]) -> None:
    table = frame(EXTRACTIONS, rows)
    # One run may measure a checkpoint by several stages, and against several others.
    parts = [
        outcome.stage,
        outcome.against,
        *(str(r.get("parameter_set")) for r in rows),
    ]
    name = f"{run}-{xxhash.xxh3_64_hexdigest(chr(0).join(parts).encode())}"
    # Labels that are too long for folders may be the reason for the failure.
    write_named(warehouse, EXTRACTIONS, storable(outcome.source.ref), table, name=name)
