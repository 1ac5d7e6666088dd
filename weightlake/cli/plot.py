"""The verb that draws: `plot`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError
from pipeline.require import require
from pipeline.zoo.settings import WAREHOUSE
from weightlake.cli.options import (
    Format,
    Parameters,
    Queries,
    Warehouse,
    split_parameters,
)
from weightlake.emptiness import say_no_rows

if TYPE_CHECKING:
    import pyarrow as pa


def plot(
    name: Annotated[str | None, typer.Argument(help="A figure.")] = None,
    param: Parameters = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Picture to write: .svg, .png, .pdf, .pgf or .html. Without it: text "
            "on stdout.",
        ),
    ] = None,
    queries: Queries = None,
    format_name: Format = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Draw a figure; alone, list the figures.

    --param takes the parameters of the figure's query and its drawing.

    For example:
      weightlake plot
      weightlake plot heatmap --param model=gpt2 --param metric=stable_rank
      weightlake plot series --param metric=kurtosis -o kurtosis.svg
    """
    from weightlake.output import emit

    if name is None:
        emit(_figures(), format_name=format_name)
        return
    if format_name is not None:
        raise UsageError(
            "--format is for the list of figures, and this draws one",
            fix="Name a picture with -o FILE, or ask its query: weightlake query",
        )
    import polars as pl

    from pipeline.figures import check_suffix, find_figure, save
    from pipeline.query import find_query, run_query

    figure = find_figure(name)
    asked, options = figure.split(split_parameters(param))
    if output is not None:
        require("matplotlib", extra="report", what="a picture")
        check_suffix(output)
    folders = (queries,) if queries else ()
    answer = run_query(warehouse, figure.query, asked, folders=folders)
    if answer.num_rows == 0:
        say_no_rows(warehouse, find_query(figure.query, folders).sql)
    frame = pl.DataFrame(answer)
    if output is not None:
        save(figure.draw(frame, **options), output)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    sys.stdout.write(figure.sketch(frame, width, **options))


def _figures() -> pa.Table:
    import pyarrow as pa

    from pipeline.figures import FIGURES

    return pa.table(
        {
            "figure": [figure.name for figure in FIGURES],
            "question": [figure.question for figure in FIGURES],
            "query": [figure.query for figure in FIGURES],
            "options": [
                ", ".join(
                    f"{option.name}={'|'.join(option.choices)}"
                    for option in figure.options
                )
                or None
                for figure in FIGURES
            ],
        }
    )
