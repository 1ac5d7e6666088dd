"""Verbs over a manifest: `plan`, `run` and `serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.interrupt import quick_interrupt
from flows.schedule import LONGEST_INTERVAL
from pipeline.zoo.progress import say
from weightlake import verbs
from weightlake.cli.ending import finish
from weightlake.cli.options import (
    Families,
    Format,
    LocalFilesOnly,
    Memory,
    Output,
    Replace,
    Threads,
    Verbose,
    Verify,
    ZooWarehouse,
)

Manifest = Annotated[
    Path, typer.Argument(metavar="ZOO.TOML", help="The manifest of the zoo.")
]


def plan(
    references: Annotated[
        list[str],
        typer.Argument(
            metavar="ZOO.TOML|REF...", help="A manifest, or checkpoints as for extract."
        ),
    ],
    *,
    families: Families = None,
    memory: Memory = None,
    threads: Threads = None,
    verify: Verify = False,
    local_files_only: LocalFilesOnly = False,
    format_name: Format = None,
    output: Output = None,
    warehouse: ZooWarehouse = None,
) -> int:
    """Say what a run would read, and its time and memory.

    No weights are read. The totals go to stderr.

    For example:
      weightlake plan zoo.toml
      weightlake plan runs/gpt2-small --format json
    """
    from weightlake.output import check_target

    check_target(output, format_name)
    ended = verbs.plan(
        warehouse,
        references,
        families=[families] if families is not None else [],
        memory=memory,
        threads=threads,
        verify=verify,
        local_files_only=local_files_only,
    )
    return finish(ended, format_name, output, with_failures=False, always_table=True)


def run(
    manifest: Manifest,
    *,
    verify: Verify = False,
    replace: Replace = False,
    local_files_only: LocalFilesOnly = False,
    verbose: Verbose = False,
    runner: Annotated[
        str,
        typer.Option(
            "--runner",
            metavar="NAME",
            help="threads, processes, dask, dask://HOST:PORT, ray, ray://HOST:PORT.",
        ),
    ] = "threads",
    format_name: Format = None,
    output: Output = None,
    warehouse: ZooWarehouse = None,
) -> int:
    """Measure a zoo as a Prefect flow.

    The stages are those of its [[stages]] sections. One task is one checkpoint or pair;
    what the hub refuses is tried again. An embedded server is started unless
    PREFECT_API_URL names one. When nothing is new no flow is started.

    For example:
      weightlake run zoo.toml
      PREFECT_API_URL=http://127.0.0.1:4200/api weightlake run zoo.toml --verbose
    """
    from weightlake.output import check_target

    check_target(output, format_name)
    with quick_interrupt():
        ended = verbs.run(
            warehouse,
            manifest,
            verify=verify,
            replace=replace,
            local_files_only=local_files_only,
            verbose=verbose,
            runner=runner,
        )
    return finish(ended, format_name, output)


def serve(
    manifest: Manifest,
    *,
    cron: Annotated[
        str | None,
        typer.Option("--cron", metavar="CRON", help='Such as "0 3 * * *".'),
    ] = None,
    interval: Annotated[
        int | None,
        typer.Option(
            "--interval",
            metavar="SECONDS",
            min=1,
            max=LONGEST_INTERVAL,
            help="Time between two runs.",
        ),
    ] = None,
    verbose: Verbose = False,
    warehouse: ZooWarehouse = None,
) -> None:
    """Stay, and run the zoo on a schedule under Prefect.

    Runs on the server that PREFECT_API_URL names, else on one of its own on loopback.

    For example:
      weightlake serve zoo.toml --cron "0 3 * * *"
      weightlake serve zoo.toml --interval 3600
    """
    verbs.serve(
        warehouse,
        manifest,
        cron=cron,
        interval=interval,
        verbose=verbose,
        notify=say,
    )
