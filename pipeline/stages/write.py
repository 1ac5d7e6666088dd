"""In which order does what was measured reach the warehouse? As it comes, part by part.

The last table stands for all: a reader who finds its rows finds the others.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version

from pipeline.row import Row
from pipeline.stages.stage import Job, Measured, Output
from pipeline.stages.standing import expected_stamp, file_name
from pipeline.tables import Table
from pipeline.tables.rows import frame
from pipeline.warehouse import write_named, write_partition

_TOOLS = ("weightlake", "numpy", "numba", "pyarrow")


def write_measured(job: Job, measured: Measured) -> dict[str, int]:
    """Write every table; the rows written by part. Raises WarehouseError."""
    n_rows: dict[str, int] = {}
    outputs = measured.outputs
    if not outputs and not measured.is_unchanged:
        outputs = _outputs(job, measured)
    for output in outputs:
        _write(job, output)
        n_rows[output.part] = n_rows.get(output.part, 0) + output.frame.num_rows
    return n_rows


def _outputs(job: Job, measured: Measured) -> Iterable[Output]:
    unknown = set(measured.rows) - {table.name for table in job.stage.tables}
    if unknown:
        name = job.stage.name
        raise KeyError(f"the stage {name} does not declare the table {unknown.pop()}")
    stamp = expected_stamp(job)
    stamp = dataclasses.replace(
        stamp, is_complete=not measured.problem, tools=tool_versions()
    )
    for table in job.stage.tables:
        key = _key(job, table)
        rows = (key | row for row in measured.rows.get(table.name, ()))
        yield Output(table, frame(table, rows), stamp, job.stage.main_part)


def _write(job: Job, output: Output) -> None:
    table, ref = output.table, job.subject.ref
    name = file_name(job, table)
    if name is None:
        write_partition(job.warehouse, table, ref, output.frame, stamp=output.stamp)
    else:
        write_named(
            job.warehouse, table, ref, output.frame, name=name, stamp=output.stamp
        )


def _key(job: Job, table: Table) -> Row:
    """The columns that identify the checkpoint of a row."""
    source, base = job.subject.source, job.subject.base
    key: Row = {
        "model": source.ref.model,
        "revision": source.ref.revision,
        "step": source.step,
    }
    if base is not None:
        key |= {
            "from_model": base.ref.model,
            "from_revision": base.ref.revision,
            "from_step": base.step,
        }
    if table.has_sets:
        key["parameter_set"] = job.parameter_set
    return key


@cache
def tool_versions() -> str:
    """Versions of what the numbers come from, as JSON."""
    return json.dumps({name: version(name) for name in _TOOLS})
