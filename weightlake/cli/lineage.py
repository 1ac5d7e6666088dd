"""The verb that says which checkpoint was made from which: `lineage`."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer

from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
from weightlake.cli.options import Format, Output, Warehouse


def lineage(
    model: Annotated[
        str | None, typer.Argument(help="Only trees that hold this model.")
    ] = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Show which checkpoint was made from which, by their tables.

    A tree as text; with --format or -o the rows of the query lineage. Beside a name
    stands what its direction rests on, and the distance from its parent: 0 between
    equals, 1 between strangers. `weightlake plot lineage` draws it.

    For example:
      weightlake lineage
      weightlake lineage byte-gpt2 --format json
    """
    from weightlake.output import emit

    found = verbs.lineage(warehouse, model)
    if format_name is not None or output is not None:
        emit(found, format_name=format_name, output=output)
        return
    import polars as pl

    from pipeline.figures.charts.lineage import sketch_lineage

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    sys.stdout.write(sketch_lineage(pl.DataFrame(found), width))
    undecided = found.column("evidence").to_pylist().count("undecided")
    if undecided:
        say(f"{undecided} directions are undecided")
