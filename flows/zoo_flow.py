"""How is a zoo measured under Prefect? One task per subject, retried where it helps.

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

from flows.artifacts import publish
from flows.engines import WORKERS, engine, is_engine_failure, reachable_server
from pipeline.stages import (
    Outcome,
    Task,
    lost_task,
    make_tasks,
    measure_subject,
    share,
)
from pipeline.warehouse import open_warehouse
from pipeline.zoo.found import find_sources
from pipeline.zoo.manifest import read_zoo, zoo_settings
from pipeline.zoo.outcomes import summary_line
from pipeline.zoo.progress import counting, open_meter
from pipeline.zoo.runs import fail_missing, outcome_line, say_aside, work_bytes, work_of
from pipeline.zoo.settings import WAREHOUSE


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
    task_run_name="{work.subject}",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_condition_fn=may_pass,
)
def measure(work: Task) -> Outcome:
    outcome = measure_subject(work)
    get_run_logger().info(outcome_line(outcome))
    if outcome.status == "failed":
        raise CheckpointFailedError(outcome)
    return outcome


@flow(name="zoo", task_runner=engine("threads").task_runner)
def zoo_flow(
    zoo: str,
    warehouse: str | None = None,
    *,
    verify: bool = False,
    replace: bool = False,
    local_files_only: bool = False,
    n_sharing: int = WORKERS,
) -> State[list[Outcome]]:
    """Measure what the manifest `zoo` names, stage by stage; fails if anything did.

    `n_sharing` tasks at a time share the memory and threads of one machine.
    """
    started = time.monotonic()
    manifest = read_zoo(Path(zoo))
    lake = open_warehouse(Path(warehouse or manifest.warehouse or WAREHOUSE))
    found = find_sources(manifest.entries, local_files_only=local_files_only)
    settings = zoo_settings(
        manifest, verify=verify, replace=replace, local_files_only=local_files_only
    )
    work = work_of(manifest.stages, found, settings)
    say_aside(found, work)
    outcomes = fail_missing(found, lake, settings)
    total = work_bytes(work, local_files_only=local_files_only)
    with open_meter(total, manifest.name) as meter, counting(meter) as progress:
        # One stage after the other: compare reads the digests that extract stores.
        for each in work:
            shared = share(settings, min(n_sharing, len(each.subjects)))
            tasks = make_tasks(
                each.stage, each.subjects, lake, shared, progress=progress
            )
            outcomes += _gather(tasks, [measure.submit(task) for task in tasks])
    summary = summary_line(outcomes, time.monotonic() - started)
    publish(manifest.name, outcomes, summary)
    has_failed = any(outcome.status == "failed" for outcome in outcomes)
    end = Failed if has_failed else Completed
    return end(message=summary, data=outcomes)


def run_zoo(
    zoo: Path,
    warehouse: Path,
    options: Mapping[str, bool],
    *,
    runner: str = "threads",
) -> list[Outcome]:
    """Run the flow here and now; what stops the whole flow is raised as it was."""
    where = engine(runner)
    chosen = zoo_flow.with_options(task_runner=where.task_runner)
    with reachable_server(runner):
        state = chosen(
            str(zoo),
            str(warehouse),
            **options,
            n_sharing=where.n_sharing,
            return_state=True,
        )
    result: Any = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return list(result)


def _gather(
    tasks: Sequence[Task], futures: Sequence[PrefectFuture[Outcome]]
) -> list[Outcome]:
    """Outcomes in the order of the manifest; an artifact counts tasks as they end."""
    progress = cast(UUID, create_progress_artifact(0.0, description="tasks done"))
    for done, _ in enumerate(as_completed(list(futures)), start=1):
        update_progress_artifact(progress, 100.0 * done / len(futures))
    return [_outcome(*pair) for pair in zip(tasks, futures, strict=True)]


def _outcome(work: Task, future: PrefectFuture[Outcome]) -> Outcome:
    """A failed task's outcome too; any other exception is a defect and is raised."""
    try:
        return future.result()
    except CheckpointFailedError as error:
        return error.outcome
    except Exception as error:
        # An engine gives a task up when it has killed worker after worker.
        if not is_engine_failure(error):
            raise
        return lost_task(work, f"its workers died ({error})")
