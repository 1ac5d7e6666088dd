"""The verb that writes everything down: `report`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError
from pipeline.require import require
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake.cli.options import Queries, Warehouse

if TYPE_CHECKING:
    from pipeline.report import Document


def report(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="Only this model; repeatable."),
    ] = None,
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
    for module in ("matplotlib", "jinja2", "markdown_it"):
        require(module, extra="report", what="a report")
    from pipeline.report import Facts, compose, find_scope, find_templates, write_page
    from weightlake.doctor import own_version

    folders = (templates,) if templates else ()
    found = find_templates(folders)
    pairs = [_pair(text) for text in compare or ()]
    scope = find_scope(warehouse, models=models or (), series=series or (), pairs=pairs)
    facts = Facts(
        {
            "version": own_version(),
            "warehouse": str(warehouse),
            "command": shlex.join(["weightlake", *sys.argv[1:]]),
        },
        forms=("inline", "pdf") if latex else ("inline",),
    )
    document = compose(
        warehouse, scope, found, facts, folders=(queries,) if queries else ()
    )
    n_bytes = write_page(document, output)
    say(f"{output}: {len(document.sections)} sections, {n_bytes / 1e6:.1f} MB")
    if latex is not None:
        _print(document, latex)


def _print(document: Document, folder: Path) -> None:
    """The print edition; without a TeX its source is all there is, which is said."""
    from pipeline.report import TypesetError, typeset, write_latex

    source = write_latex(document, folder)
    try:
        say(f"{typeset(source)}: written for print")
    except TypesetError as error:
        say(str(error))


def _pair(text: str) -> tuple[str, str]:
    old, dots, new = text.partition("..")
    if not (old and dots and new):
        raise UsageError(
            f"--compare {text!r} does not name two models",
            fix="Write --compare gpt2@step-0..gpt2@step-800",
        )
    return old, new
