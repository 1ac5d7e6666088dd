"""How is a whole zoo measured, once or on a schedule? As a Prefect flow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from flows.prefect_setup import prepare_prefect
from flows.schedule import check_cron
from pipeline.errors import UsageError
from pipeline.extract import Outcome
from pipeline.places import settled
from pipeline.warehouse import find_warehouse
from pipeline.zoo.found import find_sources
from pipeline.zoo.manifest import Zoo, read_zoo, zoo_settings
from pipeline.zoo.runs import plan_work, work_of
from weightlake.own_packages import first_on_path
from weightlake.values.outcomes import Outcomes
from weightlake.verbs.measuring import as_outcomes, root_of


def run(
    root: Path | None,
    manifest: Path,
    *,
    verify: bool = False,
    replace: bool = False,
    local_files_only: bool = False,
    verbose: bool = False,
    runner: str = "threads",
) -> Outcomes:
    """Measure a zoo as a Prefect flow; none is started when nothing is new.

    `runner` says where tasks run: on threads of this process, in processes, or on an
    engine by name or address (docs/scale.md).

    Without `root` the manifest names the warehouse. Raises UsageError for a manifest
    that means nothing, and when Prefect is not installed.
    """
    zoo = read_zoo(manifest)
    root = root_of(root, zoo)
    started = time.monotonic()
    options = {
        "verify": verify,
        "replace": replace,
        "local_files_only": local_files_only,
    }
    unchanged = [] if verify or replace else _unchanged(zoo, root, options)
    if unchanged:
        return as_outcomes(unchanged, time.monotonic() - started)
    prepare_prefect(root, verbose=verbose)
    from flows.zoo_flow import run_zoo  # brings prefect, which reads what was prepared

    with first_on_path():
        outcomes = run_zoo(zoo.path, settled(root), options, runner=runner)
    return as_outcomes(outcomes, time.monotonic() - started)


def serve(
    root: Path | None,
    manifest: Path,
    *,
    cron: str | None = None,
    interval: int | None = None,
    verbose: bool = False,
    notify: Callable[[str], None],
) -> None:
    """Stay, and run the zoo on a schedule; returns only when it is interrupted.

    `interval` is in seconds. Raises UsageError unless exactly one of `cron` and
    `interval` is given, and for a cron line that Prefect cannot keep.
    """
    if (cron is None) == (interval is None):
        raise UsageError(
            "serve takes a cron line or an interval, one of them",
            fix="Give cron, such as 0 3 * * *, or interval, such as 3600",
        )
    zoo = read_zoo(manifest)
    root = root_of(root, zoo).resolve()
    prepare_prefect(root, verbose=verbose)
    if cron is not None:
        check_cron(cron)
    # These bring prefect, which reads what was prepared.
    from flows.prefect_server import scheduling_server
    from flows.zoo_flow import zoo_flow

    with first_on_path(), scheduling_server() as url:
        notify(f"{zoo.name}: scheduled on {url.removesuffix('/api')}; Ctrl-C ends it")
        zoo_flow.serve(
            name=zoo.name,
            cron=cron,
            interval=interval,
            parameters={"zoo": str(zoo.path), "warehouse": str(root)},
            limit=1,  # the next run waits for this one
            print_starting_message=False,
        )


def _unchanged(zoo: Zoo, root: Path, options: Mapping[str, bool]) -> list[Outcome]:
    """Every checkpoint as unchanged, or none: a plan costs less than a server."""
    settings = zoo_settings(zoo, **options)
    lake = find_warehouse(root)  # looked at, not made
    found = find_sources(zoo.entries, local_files_only=settings.local_files_only)
    work = work_of(zoo.stages, found, settings)
    plans = plan_work(work, found, lake, settings)
    if any(each.status != "unchanged" for each in plans):
        return []
    return [
        Outcome(each.source, "unchanged", 0.0, stage=each.stage, against=each.against)
        for each in plans
    ]
