"""The verb that writes everything down: `report`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
from weightlake.cli.options import Queries, Warehouse


def report(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="Only this model; repeatable."),
    ] = None,
    *,
    series: Annotated[
        list[str] | None,
        typer.Option("--series", metavar="RUN", help="Only this run; repeatable."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            "--compare",
            metavar="OLD..NEW",
            help="Two models, each MODEL or MODEL@REVISION; repeatable.",
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The page to write.")
    ] = Path("report.html"),
    latex: Annotated[
        Path | None,
        typer.Option(
            "--latex",
            metavar="DIR",
            help="Write it for print, too: LaTeX, and a PDF where a TeX is installed.",
        ),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(
            "--templates",
            metavar="DIR",
            envvar="WEIGHTLAKE_TEMPLATES",
            help="A folder of your own sections; one named as ours takes its place.",
        ),
    ] = None,
    queries: Queries = None,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Write one HTML page of what the warehouse holds and skipped.

    The page needs nothing but itself. Its first section is the summary, its last the
    SQL of every number. Sections are templates: docs/report.md.

    For example:
      weightlake report
      weightlake report --model gpt2 --compare gpt2..gpt2-tuned -o gpt2.html
      weightlake report --templates sections --latex print
    """
    pairs = [_pair(text) for text in compare or ()]
    document = verbs.report(
        warehouse,
        models=models or (),
        series=series or (),
        compare=pairs,
        templates=(templates,) if templates else (),
        folders=(queries,) if queries else (),
        command=shlex.join(["weightlake", *sys.argv[1:]]),
        for_print=latex is not None,
    )
    from pipeline.report import write_page  # brings duckdb

    n_bytes = write_page(document, output)
    say(f"{output}: {len(document.sections)} sections, {n_bytes / 1e6:.1f} MB")
    if latex is not None:
        verbs.print_report(document, latex, say)


def _pair(text: str) -> tuple[str, str]:
    old, dots, new = text.partition("..")
    if not (old and dots and new):
        raise UsageError(
            f"--compare {text!r} does not name two models",
            fix="Write --compare gpt2@step-0..gpt2@step-800",
        )
    return old, new
