"""Verbs over a manifest: `plan`, `run` and `serve`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from flows.interrupt import quick_interrupt
from flows.prefect_setup import prepare_prefect
from flows.schedule import LONGEST_INTERVAL, check_cron
from pipeline.errors import UsageError
from pipeline.exit_codes import DONE
from pipeline.zoo.manifest import Entry, Zoo, read_zoo, zoo_settings
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE, make_settings
from weightlake.cli.ending import finish, show_plans
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
    from pipeline.zoo.runs import find_sources
    from weightlake.output import check_target

    check_target(output, format_name)
    zoo = _zoo_among(references)
    settings = make_settings(
        families=[families] if families is not None else (zoo.families if zoo else ()),
        memory=zoo.memory if zoo and memory is None else memory,
        threads=zoo.threads if zoo and threads is None else threads,
        verify=verify,
        local_files_only=local_files_only,
    )
    entries = zoo.entries if zoo else [Entry(each) for each in references]
    found = find_sources(
        entries, must_exist=zoo is None, local_files_only=local_files_only
    )
    root = _root(warehouse, zoo)
    return show_plans(found, root, settings, format_name, output)


def run(
    manifest: Manifest,
    verify: Verify = False,
    replace: Replace = False,
    local_files_only: LocalFilesOnly = False,
    verbose: Verbose = False,
    format_name: Format = None,
    output: Output = None,
    warehouse: ZooWarehouse = None,
) -> int:
    """Measure a zoo as a Prefect flow.

    One task is one checkpoint; what the hub refuses is tried again. An embedded server
    is started unless PREFECT_API_URL names one. When nothing is new no flow is started.

    For example:
      weightlake run zoo.toml
      PREFECT_API_URL=http://127.0.0.1:4200/api weightlake run zoo.toml --verbose
    """
    from weightlake.output import check_target

    check_target(output, format_name)
    zoo = read_zoo(manifest)
    root = _root(warehouse, zoo)
    started = time.monotonic()
    options = {
        "verify": verify,
        "replace": replace,
        "local_files_only": local_files_only,
    }
    if not (verify or replace) and _is_up_to_date(zoo, root, options):
        return DONE
    prepare_prefect(root, verbose=verbose)
    from flows.zoo_flow import run_zoo

    with quick_interrupt():
        outcomes = run_zoo(zoo.path, root.resolve(), options)
    return finish(outcomes, time.monotonic() - started, format_name, output)


def serve(
    manifest: Manifest,
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
    if (cron is None) == (interval is None):
        raise UsageError(
            "serve takes --cron or --interval, one of them",
            fix='Write --cron "0 3 * * *" or --interval 3600',
        )
    zoo = read_zoo(manifest)
    root = _root(warehouse, zoo).resolve()
    prepare_prefect(root, verbose=verbose)
    if cron is not None:
        check_cron(cron)
    from flows.prefect_server import scheduling_server
    from flows.zoo_flow import zoo_flow

    with scheduling_server() as url:
        say(f"{zoo.name}: scheduled on {url.removesuffix('/api')}; Ctrl-C ends it")
        zoo_flow.serve(
            name=zoo.name,
            cron=cron,
            interval=interval,
            parameters={"zoo": str(zoo.path), "warehouse": str(root)},
            limit=1,  # the next run waits for this one
            print_starting_message=False,
        )


def _is_up_to_date(zoo: Zoo, root: Path, options: Mapping[str, bool]) -> bool:
    """Whether a plan finds nothing to do; it costs far less than starting a server."""
    from pipeline.text.units import checkpoints
    from pipeline.warehouse import find_warehouse
    from pipeline.zoo.runs import find_sources, plan_found

    settings = zoo_settings(zoo, **options)
    lake = find_warehouse(root)  # looked at, not made
    found = find_sources(zoo.entries, local_files_only=settings.local_files_only)
    plans = plan_found(found, lake, settings)
    if any(each.status != "unchanged" for each in plans):
        return False
    say(f"nothing is new: {checkpoints(len(plans))} unchanged")
    return True


def _zoo_among(references: Sequence[str]) -> Zoo | None:
    """The manifest, when the only reference is one."""
    manifests = [each for each in references if each.endswith(".toml")]
    if manifests and len(references) > 1:
        raise UsageError(
            f"{manifests[0]} is a manifest and not the only argument",
            fix="Plan one manifest, or any number of checkpoints",
        )
    return read_zoo(Path(manifests[0])) if manifests else None


def _root(warehouse: Path | None, zoo: Zoo | None) -> Path:
    """The option or the environment first, then the manifest, then ./warehouse."""
    return warehouse or (zoo.warehouse if zoo else None) or WAREHOUSE
