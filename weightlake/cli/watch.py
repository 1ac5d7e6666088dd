"""The verb that follows a run as it trains: `watch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.exit_codes import DONE, SOME_FAILED, TRIPPED
from pipeline.zoo.progress import say
from pipeline.zoo.settings import make_settings
from weightlake import verbs
from weightlake.cli.options import (
    Families,
    LocalFilesOnly,
    Memory,
    Threads,
    ZooWarehouse,
)


def watch(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="REF|ZOO.TOML",
            help="A folder, a glob, org/name@step*, or the manifest of a zoo.",
        ),
    ],
    *,
    series: Annotated[
        str | None,
        typer.Option(
            "--series",
            metavar="NAME",
            help="The folder holds the steps of one training run, called NAME.",
        ),
    ] = None,
    step_pattern: Annotated[
        str | None,
        typer.Option(
            "--step-pattern",
            metavar="REGEX",
            help="How a step is read from a folder's name: the group is the number.",
        ),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Compare each step with the one before, too."),
    ] = False,
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            "--rules",
            metavar="DIR",
            help="A folder of your own rules; may be repeated.",
        ),
    ] = None,
    every: Annotated[
        float, typer.Option("--every", help="Seconds between two looks.")
    ] = 30.0,
    settle: Annotated[
        float,
        typer.Option("--settle", help="Seconds for which files must not have changed."),
    ] = 5.0,
    until: Annotated[
        int | None,
        typer.Option("--until", metavar="STEP", help="End after this step."),
    ] = None,
    idle: Annotated[
        float | None,
        typer.Option(
            "--idle", metavar="SECONDS", help="End when nothing arrived for so long."
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when what is complete is measured.")
    ] = False,
    webhook: Annotated[
        str | None,
        typer.Option(
            "--webhook", metavar="URL", help="Post every alarm here, as JSON."
        ),
    ] = None,
    prefect: Annotated[
        bool,
        typer.Option("--prefect", help="Send every alarm to Prefect, as an event."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON object per line on stdout.")
    ] = False,
    families: Families = None,
    memory: Memory = None,
    threads: Threads = None,
    local_files_only: LocalFilesOnly = False,
    warehouse: ZooWarehouse = None,
) -> int:
    """Measure each checkpoint as it is complete, and sound alarms.

    Alarms are rows of rules, which are SQL files: NaN, a copy of an earlier step, a
    jump, a drift, dead heads, and your own. Each is a line on stdout. It ends with 4
    after a serious alarm, with 3 after a checkpoint that failed.

    For example:
      weightlake watch runs/gpt2-small --series gpt2-small
      weightlake watch zoo.toml --every 300 --webhook https://host/hook
      weightlake watch runs/gpt2-small --once --json
    """
    from pipeline.watch import as_json as json_of  # these bring what measures
    from pipeline.watch import as_line

    settings = make_settings(
        families=[families] if families is not None else [],
        memory=memory,
        threads=threads,
        local_files_only=local_files_only,
    )
    notices = verbs.watch(
        warehouse,
        reference,
        settings,
        series=series,
        step_pattern=step_pattern,
        compare=compare,
        rules=rules or (),
        every=every,
        settle=settle,
        until=until,
        idle=idle,
        once=once,
        webhook=webhook,
        prefect=prefect,
    )
    code, n_measured, n_alarms = DONE, 0, 0
    for notice in notices:
        if as_json:
            typer.echo(json_of(notice))
        elif notice.kind == "alarm":
            typer.echo(as_line(notice))
        else:
            say(as_line(notice))
        n_measured += notice.kind == "measured"
        n_alarms += notice.kind == "alarm"
        if notice.severity == "serious" and notice.kind == "alarm":
            code = TRIPPED
        elif notice.kind in {"failed", "unanswered"} and code == DONE:
            code = SOME_FAILED
    say(f"{n_measured} measured, alarms: {n_alarms}")
    return code
