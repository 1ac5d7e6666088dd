"""The verb that measures what changed between checkpoints: `compare`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from flows.cli.options import (
    Format,
    LocalFilesOnly,
    Memory,
    Output,
    Replace,
    Threads,
    Warehouse,
)
from flows.exit_codes import DONE, SOME_FAILED
from flows.settings import WAREHOUSE, make_settings
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.refs import CheckpointSource


def compare(
    references: Annotated[
        list[str],
        typer.Argument(metavar="OLD NEW | SERIES", help="As extract takes them."),
    ],
    to: Annotated[
        Literal["previous", "first", "last"],
        typer.Option("--to", help="Of a series: what each step is compared with."),
    ] = "previous",
    entries_only: Annotated[
        bool,
        typer.Option("--entries-only", help="Leave out ranks, angles and intruders."),
    ] = False,
    memory: Memory = None,
    threads: Threads = None,
    replace: Replace = False,
    local_files_only: LocalFilesOnly = False,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Measure what changed between two checkpoints, or along a series.

    Tensors are matched by role, never by position; two are in memory, never two models.
    Codes of a quantised model are decoded; a LoRA adapter is compared with its base
    without merging it. The rows go to the table tensor_changes; of two checkpoints they
    are shown.

    For example:
      weightlake compare base/ tuned/
      weightlake compare base/ adapter/
      weightlake compare runs/gpt2-small --to first --entries-only
    """
    from flows.output import emit
    from pipeline.compare import compare_checkpoints
    from pipeline.query import run_query
    from pipeline.warehouse import open_warehouse

    settings = make_settings(
        families=[],
        memory=memory,
        threads=threads,
        verify=False,
        replace=replace,
        local_files_only=local_files_only,
    )
    pairs = _find_pairs(references, to)
    lake = open_warehouse(warehouse)
    failed = 0
    for old, new in pairs:
        ended = compare_checkpoints(
            old, new, lake, settings, with_directions=not entries_only
        )
        tail = ended.error or f"{ended.n_rows} rows, {ended.seconds:.1f} s"
        sys.stderr.write(f"{ended.status}: {old.ref} → {new.ref}: {tail}\n")
        failed += ended.status == "failed"
    if len(pairs) == 1 and not failed:
        old, new = pairs[0]
        asked = {
            "model": new.ref.model,
            "revision": new.ref.revision,
            "from_model": old.ref.model,
            "from_revision": old.ref.revision,
        }
        rows = run_query(warehouse, "changes", asked)
        emit(rows, format_name=format_name, output=output)
    return SOME_FAILED if failed else DONE


def _find_pairs(
    references: list[str], to: Literal["previous", "first", "last"]
) -> list[tuple[CheckpointSource, CheckpointSource]]:
    """(old, new) pairs: of two checkpoints as named, of a series by its steps."""
    from pipeline.compare import pair_steps
    from pipeline.sources import discover

    found = [discover(reference) for reference in references]
    if [len(each) for each in found] == [1, 1]:
        return [(found[0][0], found[1][0])]
    sources = [source for each in found for source in each]
    if len(sources) < 2:
        raise UsageError(
            f"{references[0]} is one checkpoint",
            fix="Name two, or the folder that holds the steps of a series",
        )
    return pair_steps(sources, to)
