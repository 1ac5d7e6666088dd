"""The verb that lets one wander in a model: `explore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake.cli.options import LocalFilesOnly, Warehouse

_PAGE = Path("explorer.html")


def explore(
    references: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL_OR_PATH]...",
            help="Models of the warehouse (all without any), checkpoints of which only "
            "headers are read, config.json files, or org/name on the hub.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Page to write. Default: explorer.html; with --json: stdout.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the structures as JSON, no page.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    local_files_only: LocalFilesOnly = False,
    warehouse: Warehouse = WAREHOUSE,
) -> None:
    """Write one page to wander in models: shapes, statistics, classes.

    It holds everything, opens without a network, and grows with the number of tensors,
    not with their size.

    For example:
      weightlake explore
      weightlake explore byte-gpt2 --open
      weightlake explore models/llama/config.json -o llama.html
      weightlake explore byte-gpt2 --json
    """
    from pipeline import structure
    from pipeline.explorer import collect, find_exhibits, render, to_json

    exhibits = find_exhibits(
        references or (), warehouse, local_files_only=local_files_only
    )
    if as_json:
        told = [structure.as_json(exhibit.structure) for exhibit in exhibits]
        text = to_json(told, indent=1)
        if output is None:
            sys.stdout.write(f"{text}\n")
        else:
            output.write_text(f"{text}\n", encoding="utf-8")
        return
    page = output or _PAGE
    page.write_text(render(collect(exhibits)), encoding="utf-8")
    size = page.stat().st_size / 1e6
    models = f"{len(exhibits)} model{'' if len(exhibits) == 1 else 's'}"
    say(f"{page}: {models}, {size:.1f} MB")
    if open_page:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            say("no browser could be opened here: open the file in one")
