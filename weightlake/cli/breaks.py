"""The verb that finds when a training run turned: `breaks`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
from weightlake.cli.options import Columns, Format, Output, Warehouse


def breaks(
    series: Annotated[str, typer.Argument(help="A training run in the warehouse.")],
    *,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="One metric: of tensors, of changes since the step before, or logged. "
            "Default: relative_change, frobenius_norm, stable_rank and the loss.",
        ),
    ] = None,
    component: Annotated[
        str | None, typer.Option("--component", help="Only this component.")
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Every tensor's breaks; needs --metric.")
    ] = False,
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Find the few steps at which a training run turned.

    relative_change is there after `weightlake compare FOLDER`.

    For example:
      weightlake breaks byte-gpt2
      weightlake breaks byte-gpt2 --metric frobenius_norm --each
    """
    from weightlake.output import emit
    from weightlake.output.shows import shows_of

    lines: list[str] = []
    found = verbs.breaks(
        warehouse,
        series,
        metric=metric,
        component=component,
        each=each,
        notify=lines.append,
    )
    emit(
        found,
        format_name=format_name,
        output=output,
        columns=columns,
        shows=shows_of("breakpoints" if each else "events"),
    )
    for line in lines:
        say(line)
