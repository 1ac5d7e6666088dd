"""How is a zoo measured under Prefect? One task per checkpoint, retried where it helps.

Prefect's database is never the ledger: the warehouse is. A lost task record costs
nothing, and a second run measures only what the first one did not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture, as_completed
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.artifacts import publish
from pipeline.extract import Outcome, Settings, extract_checkpoint
from pipeline.refs import CheckpointSource
from pipeline.warehouse import Warehouse, open_warehouse
from pipeline.zoo.manifest import read_zoo, zoo_settings
from pipeline.zoo.outcomes import summary_line
from pipeline.zoo.progress import Meter, byte_meter
from pipeline.zoo.runs import (
    fail_missing,
    find_sources,
    outcome_line,
    say_aside,
    source_bytes,
)
from pipeline.zoo.settings import WAREHOUSE, share

WORKERS = 2  # one checkpoint's writing overlaps the next one's reading


class CheckpointFailedError(Exception):
    """A task's outcome is a failure; carries it past Prefect's states."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.error)


def may_pass(_task: Any, _run: TaskRun, state: State) -> bool:
    """Whether trying again may help: the hub may answer, a wrong name stays wrong."""
    error = state.data
    return isinstance(error, CheckpointFailedError) and error.outcome.may_pass


@task(
    task_run_name="{source.ref}",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_condition_fn=may_pass,
)
def measure(
    source: CheckpointSource, warehouse: Warehouse, settings: Settings, meter: Meter
) -> Outcome:
    outcome = extract_checkpoint(source, warehouse, settings, progress=meter.advance)
    get_run_logger().info(outcome_line(outcome))
    if outcome.status == "failed":
        raise CheckpointFailedError(outcome)
    return outcome


_RUNNER: Any = ThreadPoolTaskRunner(max_workers=WORKERS)


@flow(name="zoo", task_runner=_RUNNER)
def zoo_flow(
    zoo: str,
    warehouse: str | None = None,
    verify: bool = False,
    replace: bool = False,
    local_files_only: bool = False,
) -> State[list[Outcome]]:
    """Measure every checkpoint of the manifest `zoo`; ends as failed if any failed."""
    started = time.monotonic()
    manifest = read_zoo(Path(zoo))
    lake = open_warehouse(Path(warehouse or manifest.warehouse or WAREHOUSE))
    found = find_sources(manifest.entries, local_files_only=local_files_only)
    say_aside(found)
    settings = zoo_settings(
        manifest, verify=verify, replace=replace, local_files_only=local_files_only
    )
    each = share(settings, min(WORKERS, len(found.sources)))
    sizes = [
        source_bytes(source, local_files_only=local_files_only)
        for source in found.sources
    ]
    with byte_meter(sum(sizes), manifest.name) as meter:
        futures = [measure.submit(s, lake, each, meter) for s in found.sources]
        outcomes = fail_missing(found, lake, settings) + _gather(futures)
    summary = summary_line(outcomes, time.monotonic() - started)
    publish(manifest.name, outcomes, summary)
    has_failed = any(outcome.status == "failed" for outcome in outcomes)
    end = Failed if has_failed else Completed
    return end(message=summary, data=outcomes)


def run_zoo(zoo: Path, warehouse: Path, options: Mapping[str, bool]) -> list[Outcome]:
    """Run the flow here and now; what stops the whole flow is raised as it was."""
    state = zoo_flow(str(zoo), str(warehouse), **options, return_state=True)
    result: Any = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return list(result)


def _gather(futures: Sequence[PrefectFuture[Outcome]]) -> list[Outcome]:
    """Outcomes in the order of the manifest; an artifact counts tasks as they end."""
    progress = cast(UUID, create_progress_artifact(0.0, description="checkpoints done"))
    for done, _ in enumerate(as_completed(list(futures)), start=1):
        update_progress_artifact(progress, 100.0 * done / len(futures))
    return [_outcome(future) for future in futures]


def _outcome(future: PrefectFuture[Outcome]) -> Outcome:
    """A failed task's outcome too; any other exception is a defect and is raised."""
    try:
        return future.result()
    except CheckpointFailedError as error:
        return error.outcome
