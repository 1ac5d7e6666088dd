"""Verbs of the warehouse's upkeep: `status`, `check`, `compact` and `catalog`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.exit_codes import DONE, TRIPPED
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake.cli.options import Format, Output, Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.query import CheckResult


def status(
    format_name: Format = None, output: Output = None, warehouse: Warehouse = WAREHOUSE
) -> None:
    """Count the rows of every table by model and revision.

    A printed table leaves out the tables that hold nothing; files and JSON do not.

    For example:
      weightlake status
      weightlake status --warehouse /data/lake --format json
    """
    from pipeline.query import run_query
    from weightlake.output import emit

    answer = run_query(warehouse, "status", {})
    if format_name in {None, "table"} and output is None:
        answer = _without_empty(answer)
    emit(answer, format_name=format_name, output=output)


def check(
    format_name: Format = None, output: Output = None, warehouse: Warehouse = WAREHOUSE
) -> int:
    """Look for rows that must not exist; exit code 4 if any.

    Rows that tripped a check are shown on stderr.

    For example:
      weightlake check
      weightlake check --format json
    """
    from pipeline.query import run_checks
    from weightlake.output import emit

    results = run_checks(warehouse)
    emit(_checks_table(results), format_name=format_name, output=output)
    tripped = [result for result in results if result.n_rows]
    for result in tripped:
        _show_sample(result)
    say(f"{len(results)} checks, {len(tripped)} tripped")
    return TRIPPED if tripped else DONE


def compact(warehouse: Warehouse = WAREHOUSE) -> None:
    """Make one file per table and model of many small ones.

    For example:
      weightlake compact
      weightlake compact --warehouse /data/lake
    """
    from pipeline.warehouse import compact as compact_files
    from pipeline.warehouse import open_warehouse

    done = compact_files(open_warehouse(warehouse, create=False))
    say(
        f"{warehouse}: {done.n_files_before} files are now {done.n_files_after}, "
        f"{done.n_swept} leftovers removed"
    )


def catalog(
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="The .duckdb file to write."
        ),
    ] = Path("weightlake.duckdb"),
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Write a .duckdb file with the views.

    Any DuckDB client opens it. It holds no data, and may be deleted at any time.

    For example:
      weightlake catalog -o lake.duckdb
      weightlake catalog --warehouse /data/lake -o lake.duckdb
    """
    from pipeline.query import write_catalog

    write_catalog(warehouse, output)
    say(f"{output}: views over {warehouse}")


def _checks_table(results: Sequence[CheckResult]) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            "check": pa.array([result.name for result in results], pa.string()),
            "question": pa.array([result.question for result in results], pa.string()),
            "n_rows": pa.array([result.n_rows for result in results], pa.int64()),
        }
    )


def _show_sample(result: CheckResult) -> None:
    from weightlake.output.text_table import render

    say(f"tripped: {result.name}: {result.question}\n{render(result.sample).text}")


def _without_empty(counts: pa.Table) -> pa.Table:
    """The same rows without the columns of counts that are 0 in all of them."""
    empty = [
        name
        for name in counts.column_names
        if name.startswith(("n_", "others")) and not any(counts[name].to_pylist())
    ]
    return counts.drop_columns(empty)
