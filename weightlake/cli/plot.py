"""The verb that draws: `plot`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
from weightlake.cli.options import (
    Format,
    Parameters,
    Queries,
    Warehouse,
    split_parameters,
)


def plot(
    name: Annotated[str | None, typer.Argument(help="A figure.")] = None,
    *,
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
    if name is None:
        from weightlake.output import emit

        emit(verbs.list_figures(), format_name=format_name)
        return
    if format_name is not None:
        raise UsageError(
            "--format is for the list of figures, and this draws one",
            fix="Name a picture with -o FILE, or ask its query: weightlake query",
        )
    if output is not None:
        verbs.check_picture(output)
    drawn = verbs.plot(
        warehouse,
        name,
        split_parameters(param),
        folders=(queries,) if queries else (),
        notify=say,
    )
    if output is not None:
        from pipeline.figures import save  # brings numpy

        save(drawn.draw(), output)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    sys.stdout.write(drawn.sketch(width))
