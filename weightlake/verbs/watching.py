"""What goes on while a run trains? Checkpoints measured, rules asked, alarms sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event

from flows.prefect_setup import prepare_prefect
from pipeline.errors import UsageError, WeightlakeError
from pipeline.extract import Settings
from pipeline.query.rules import list_rules
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse
from pipeline.watch import (
    Arrivals,
    Following,
    Notice,
    as_json,
    check_webhook,
    follow,
    post,
)
from pipeline.zoo.manifest import Entry, read_zoo
from pipeline.zoo.wanted import EXTRACT_ALONE, WantedStage
from weightlake.verbs.measuring import root_of


def watch(
    root: Path | None,
    reference: str,
    settings: Settings,
    *,
    series: str | None = None,
    step_pattern: str | None = None,
    compare: bool = False,
    rules: Sequence[Path] = (),
    every: float = 30.0,
    settle: float = 5.0,
    until: int | None = None,
    idle: float | None = None,
    once: bool = False,
    webhook: str | None = None,
    prefect: bool = False,
    ended: Event | None = None,
) -> Iterator[Notice]:
    """Measure each checkpoint as it is complete, and ask the rules about it.

    The reference is a folder, a glob, `org/name@step*` or a zoo.toml, whose stages are
    measured then. Alarms go to the webhook and to Prefect as well; what could not be
    delivered is a notice. It ends as `Following` says, `ended` included, else never.
    Raises UsageError and QueryError for what can be known before the first look.
    """
    for name, seconds in (("every", every), ("settle", settle), ("idle", idle)):
        if seconds is not None and seconds < 0:
            raise UsageError(f"{name} is {seconds} seconds", fix="Give 0 or more")
    if webhook is not None:
        check_webhook(webhook)
    asked = list_rules(rules)
    if reference.endswith(".toml"):
        zoo = read_zoo(Path(reference))
        root, entries, stages = root_of(root, zoo), zoo.entries, zoo.stages
    else:
        root, stages = root_of(root, None), EXTRACT_ALONE
        entries = (Entry(reference, series=series, step_pattern=step_pattern),)
        _check(reference, step_pattern)
    if compare and all(stage.name != "compare" for stage in stages):
        stages = (*stages, WantedStage("compare"))
    open_warehouse(root)
    arrivals = Arrivals(
        entries, settle=settle, local_files_only=settings.local_files_only
    )
    following = Following(
        root,
        stages,
        asked,
        settings,
        every=every,
        is_once=once,
        until=until,
        idle=idle,
        ended=ended or Event(),
    )
    return _deliver(follow(arrivals, following), root, webhook, with_prefect=prefect)


def _check(reference: str, step_pattern: str | None) -> None:
    """A folder may be empty still, or hold half a checkpoint; a name must mean one."""
    if not Path(reference).expanduser().is_dir():
        discover(reference, step_pattern=step_pattern)


def _deliver(
    notices: Iterator[Notice], root: Path, webhook: str | None, *, with_prefect: bool
) -> Iterator[Notice]:
    with ExitStack() as stack:
        senders: list[Callable[[Notice], str]] = []
        if webhook is not None:
            senders.append(lambda notice: post(webhook, notice))
        if with_prefect:
            prepare_prefect(root)
            from flows.alerts import event_sender  # brings prefect, as prepared

            send = stack.enter_context(event_sender())
            senders.append(lambda notice: _to_prefect(send, notice))
        for notice in notices:
            yield notice
            if notice.kind != "alarm":
                continue
            for sender in senders:
                error = sender(notice)
                if error:
                    yield replace(notice, kind="undelivered", text=error)


def _to_prefect(send: Callable[[dict[str, object]], None], notice: Notice) -> str:
    try:
        send(json.loads(as_json(notice)))
    except WeightlakeError as error:
        return str(error)
    return ""
