"""Is every checkpoint of a series the step it says? Every file of sql/audits, run."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipeline.errors import QueryError
from pipeline.query.answer import answer
from pipeline.query.definitions import locate_sql
from pipeline.query.header import Header, read_header
from pipeline.query.kept import keep_connections
from pipeline.query.parameters import enumerate_words, near_miss


def list_audits() -> tuple[Header, ...]:
    """The shipped audits, by name."""
    paths = sorted((locate_sql() / "audits").glob("*.sql"))
    return tuple(read_header(path) for path in paths)


def run_audits(root: Path, series: str) -> pa.Table:
    """One row per finding in a series, the most serious first, then by step.

    Raises QueryError with the nearest names where no checkpoint is of that series.
    """
    parts = " union all by name ".join(f"({each.sql})" for each in list_audits())
    text = (
        # The walk along the series is needed by most of them, and made once.
        "create temp table series_tensors as "
        "from main.series_tensors where series = $series; "
        f"with findings as ({parts}) from findings order by "
        "list_position(['serious', 'warning', 'low'], severity), "
        "step, revision, finding, shard, tensor"
    )
    with keep_connections():
        found = answer(root, text, {"series": series}, where=f"audit of {series}")
        if found.num_rows == 0:
            _check_series(root, series)
    return found


def _check_series(root: Path, series: str) -> None:
    text = "select distinct series from checkpoints where series is not null"
    known = set(answer(root, text, {}, where="audit").column(0).to_pylist())
    if series not in known:
        raise QueryError(
            f"there is no series {series!r}{near_miss(series, known)}",
            fix=f"There are: {enumerate_words(known)}"
            if known
            else "Extract a folder of checkpoints first",
        )
