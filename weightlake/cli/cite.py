"""The verb that says what to cite: `cite`."""

from __future__ import annotations

from typing import Annotated

import typer

from weightlake import verbs


def cite(
    metrics: Annotated[
        list[str] | None,
        typer.Argument(metavar="[METRIC]…", help="Columns; all where none is named."),
    ] = None,
) -> None:
    """Print BibTeX of the papers behind the metrics, and our own.

    For example:
      weightlake cite > methods.bib
      weightlake cite effective_rank alpha
    """
    typer.echo(verbs.cite(metrics or ()), nl=False)
