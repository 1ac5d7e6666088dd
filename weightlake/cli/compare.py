"""The verb that measures what changed between checkpoints: `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.errors import AbsentError, SourceError, UsageError
from pipeline.exit_codes import SOME_FAILED, exit_code
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE, make_settings
from weightlake.cli.options import (
    Format,
    LocalFilesOnly,
    Memory,
    Output,
    Replace,
    Threads,
    Warehouse,
)

if TYPE_CHECKING:
    from pipeline.compare import Pairing
    from pipeline.extract import Settings
    from pipeline.refs import CheckpointSource
    from pipeline.warehouse import Warehouse as Lake

    Pair = tuple[CheckpointSource, CheckpointSource]


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
    from pipeline.warehouse import open_warehouse
    from weightlake.output import check_target

    check_target(output, format_name)
    settings = make_settings(
        memory=memory,
        threads=threads,
        replace=replace,
        local_files_only=local_files_only,
    )
    try:
        pairs = _find_pairs(references, to, local_files_only=local_files_only)
    except AbsentError:
        raise
    except SourceError as error:
        say(f"failed: {error}")
        return SOME_FAILED
    lake = open_warehouse(warehouse)
    has_failed = [
        _measure(pair, lake, settings, with_directions=not entries_only)
        for pair in pairs
    ]
    if has_failed == [False]:
        _show(pairs[0], warehouse, format_name, output)
    return exit_code(has_failed)


def _find_pairs(
    references: list[str], to: Pairing, *, local_files_only: bool
) -> list[Pair]:
    """(old, new) pairs: of two checkpoints as named, of a series by its steps."""
    from pipeline.compare import pair_steps
    from pipeline.sources import discover

    found = [
        discover(reference, local_files_only=local_files_only)
        for reference in references
    ]
    if [len(each) for each in found] == [1, 1]:
        return [(found[0][0], found[1][0])]
    sources = [source for each in found for source in each]
    if len(sources) < 2:
        raise UsageError(
            f"{references[0]} is one checkpoint",
            fix="Name two, or the folder that holds the steps of a series",
        )
    if len(references) > 1 and any(source.step is None for source in sources):
        held = ", ".join(
            f"{reference} holds {len(each)}"
            for reference, each in zip(references, found, strict=True)
        )
        raise UsageError(
            f"neither two checkpoints nor the steps of one series: {held}",
            fix="Name one checkpoint each, OLD and NEW, or a series alone",
        )
    return pair_steps(sources, to)


def _measure(
    pair: Pair, lake: Lake, settings: Settings, *, with_directions: bool
) -> bool:
    """Write what changed from old to new, and say how it went; whether it failed."""
    from pipeline.compare import compare_checkpoints

    old, new = pair
    ended = compare_checkpoints(
        old, new, lake, settings, with_directions=with_directions
    )
    tail = ended.error or f"{ended.n_rows} rows, {ended.seconds:.1f} s"
    say(f"{ended.status}: {old.ref} → {new.ref}: {tail}")
    return ended.status == "failed"


def _show(
    pair: Pair, warehouse: Path, format_name: str | None, output: Path | None
) -> None:
    """The rows of two checkpoints, as the query `compare` reports them."""
    from pipeline.query import run_query
    from weightlake.output import emit

    old, new = (source.ref for source in pair)
    asked = {
        "model": new.model,
        "revision": new.revision,
        "from_model": old.model,
        "from_revision": old.revision,
    }
    rows = run_query(warehouse, "compare", asked)
    emit(rows, format_name=format_name, output=output)
