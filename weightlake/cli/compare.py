"""The verb that measures what changed between checkpoints: `compare`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from pipeline.exit_codes import exit_code
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE, make_settings
from weightlake import verbs
from weightlake.cli.options import (
    Columns,
    Format,
    LocalFilesOnly,
    Memory,
    Output,
    Replace,
    Threads,
    Warehouse,
)


def compare(
    references: Annotated[
        list[str],
        typer.Argument(metavar="OLD NEW | SERIES", help="As extract takes them."),
    ],
    *,
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
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Measure what changed between two checkpoints or in a series.

    Tensors are matched by role, never by position; two are in memory, never two models.
    Codes of a quantised model are decoded; a LoRA adapter is compared with its base
    without merging it. The rows go to the table tensor_changes; of two checkpoints they
    are shown.

    For example:
      weightlake compare base/ tuned/
      weightlake compare base/ adapter/
      weightlake compare runs/gpt2-small --to first --entries-only
    """
    from weightlake.output import check_target, emit
    from weightlake.output.shows import shows_of

    check_target(output, format_name)
    settings = make_settings(
        memory=memory,
        threads=threads,
        replace=replace,
        local_files_only=local_files_only,
    )
    ended = verbs.compare(
        warehouse,
        references,
        settings,
        to=to,
        entries_only=entries_only,
        notify=say,
    )
    if ended.answer is not None:
        emit(
            ended.answer(),
            format_name=format_name,
            output=output,
            columns=columns,
            shows=shows_of("compare"),
        )
    return exit_code(ended.has_failed)
