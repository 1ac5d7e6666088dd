"""The verb that lets one wander in a model: `explore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
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
    *,
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
    """Write one page to wander in models: shapes, values, classes.

    It holds everything, opens without a network, and grows with the number of tensors,
    not with their size.

    For example:
      weightlake explore
      weightlake explore byte-gpt2 --open
      weightlake explore models/llama/config.json -o llama.html
      weightlake explore byte-gpt2 --json
    """
    asked = references or ()
    if as_json:
        found = verbs.explore_json(warehouse, asked, local_files_only=local_files_only)
        _write_json(found, output)
        return
    page = verbs.explore(warehouse, asked, local_files_only=local_files_only)
    page = page.save(output or _PAGE)
    say(repr(page))
    if open_page and not page.open():
        say("no browser could be opened here: open the file in one")


def _write_json(found: list[dict[str, Any]], output: Path | None) -> None:
    from pipeline.explorer import to_json  # brings duckdb

    text = f"{to_json(found, indent=1)}\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
