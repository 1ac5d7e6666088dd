"""The verb that finds when a training run turned: `breaks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake.cli.options import Format, Output, Warehouse


def breaks(
    series: Annotated[str, typer.Argument(help="A training run in the warehouse.")],
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
    from pipeline.errors import UsageError
    from pipeline.query import run_query
    from weightlake.output import emit

    if each and metric is None:
        raise UsageError("--each is given without a metric", fix="Add --metric NAME")
    model = _model_of(warehouse, series)
    asked = {"model": model, "metric": metric, "component": component}
    given = {name: word for name, word in asked.items() if word is not None}
    found = run_query(warehouse, "breakpoints" if each else "events", given)
    emit(found, format_name=format_name, output=output)
    say(f"{series}: {found.num_rows} {'breaks' if each else 'events'}")
    if found.num_rows == 0:
        tested = run_query(warehouse, "testable", {"metric": "frobenius_norm"} | given)
        if tested.num_rows == 0:
            say(f"{metric or 'frobenius_norm'} has no value at any step")
        for row in tested.to_pylist():
            say(
                f"{row['n_series']} series of {row['metric']}, "
                f"at most {row['n_points']} points: {row['status']}"
            )


def _model_of(warehouse: Path, series: str) -> str:
    """The model whose checkpoints a series holds; mostly it is called the same."""
    from pipeline.query import run_sql

    text = "select distinct model from checkpoints where series = $series"
    models = run_sql(warehouse, text, {"series": series}).column(0).to_pylist()
    return str(models[0]) if len(models) == 1 else series
