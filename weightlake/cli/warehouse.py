"""Verbs of upkeep: `status`, `check`, `compact`, `remove` and `catalog`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.exit_codes import DONE, TRIPPED
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
from weightlake.cli.options import Columns, Format, Output, Warehouse

if TYPE_CHECKING:
    from pipeline.query import CheckResult


def status(
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Count the rows of every table by model and revision.

    A printed table leaves out the tables that hold nothing; files and JSON do not.

    For example:
      weightlake status
      weightlake status --warehouse /data/lake --format json
    """
    from weightlake.output import emit
    from weightlake.output.shows import shows_of

    answer = verbs.status(warehouse)
    if format_name in {None, "table"} and output is None and columns is None:
        answer = verbs.without_empty(answer)
    emit(
        answer,
        format_name=format_name,
        output=output,
        columns=columns,
        shows=shows_of("status"),
    )


def check(
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Look for rows that must not exist; exit code 4 if any.

    Rows that tripped a check are shown on stderr.

    For example:
      weightlake check
      weightlake check --format json
    """
    from weightlake.output import emit
    from weightlake.output.shows import CHECKS

    checks = verbs.check(warehouse)
    emit(
        checks.table,
        format_name=format_name,
        output=output,
        columns=columns,
        shows=CHECKS,
    )
    for result in checks.tripped:
        _show_sample(result)
    say(checks.summary)
    return TRIPPED if checks.tripped else DONE


def compact(warehouse: Warehouse = WAREHOUSE) -> None:
    """Make one file per table and model of many small ones.

    For example:
      weightlake compact
      weightlake compact --warehouse /data/lake
    """
    done = verbs.compact(warehouse)
    say(
        f"{warehouse}: {done.n_files_before} files are now {done.n_files_after}, "
        f"{done.n_swept} leftovers removed"
    )


def remove(
    name: Annotated[str, typer.Argument(metavar="MODEL[@REVISION]")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would go.")
    ] = False,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Take a model, or one of its revisions, out of every table.

    Its log goes with it; rows that compare other models with it stay.

    For example:
      weightlake remove old-model
      weightlake remove gpt2@step-1000 --dry-run
    """
    gone = verbs.remove(warehouse, name, dry=dry_run)
    say(f"{gone} {'would go' if dry_run else 'are gone'}")


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
    verbs.catalog(warehouse, output)
    say(f"{output}: views over {warehouse}")


def _show_sample(result: CheckResult) -> None:
    from weightlake.output.text_table import render

    say(f"tripped: {result.name}: {result.question}\n{render(result.sample).text}")
