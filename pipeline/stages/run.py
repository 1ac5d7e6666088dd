"""How does one subject get measured, and how do many? The same way for every stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import SourceError, WarehouseError, WeightlakeError
from pipeline.sources import list_files
from pipeline.stages.learned import learned_seconds
from pipeline.stages.log import log_failure, log_measured
from pipeline.stages.outcome import Outcome, Status
from pipeline.stages.plan import Plan
from pipeline.stages.progress import Progress
from pipeline.stages.runners import SEQUENTIAL, Runner
from pipeline.stages.settings import StageSettings, share
from pipeline.stages.stage import Job, Measured, Stage, Task
from pipeline.stages.standing import find_standing
from pipeline.stages.subject import Subject
from pipeline.stages.work import one_blas_thread
from pipeline.stages.write import write_measured
from pipeline.warehouse import Warehouse, seed


@dataclass(frozen=True)
class Watch:
    """Who looks on: bytes go to `progress`, every outcome to `each`, called here."""

    progress: Progress = field(default_factory=Progress)
    each: Callable[[Outcome], None] | None = None


def run_stage(
    stage: Stage,
    subjects: Sequence[Subject],
    warehouse: Warehouse,
    settings: StageSettings,
    *,
    runner: Runner = SEQUENTIAL,
    watch: Watch | None = None,
) -> list[Outcome]:
    """Measure what is new of every subject; outcomes in the order of the subjects.

    One task is one subject. Tasks that the runner has side by side share the memory and
    the threads of `settings`.
    """
    watch = watch or Watch()
    tasks = make_tasks(
        stage,
        subjects,
        warehouse,
        share(settings, min(runner.width, len(subjects))),
        progress=watch.progress,
    )
    outcomes: dict[int, Outcome] = {}
    # Here too: OpenBLAS does not always obey a thread other than the first.
    with one_blas_thread():
        for place, outcome in runner(measure_subject, tasks):
            outcomes[place] = outcome
            if watch.each is not None:
                watch.each(outcome)
    return [outcomes[place] for place in sorted(outcomes)]


def make_tasks(
    stage: Stage,
    subjects: Sequence[Subject],
    warehouse: Warehouse,
    settings: StageSettings,
    *,
    progress: Progress,
) -> list[Task]:
    """What any engine hands to `measure_subject`; every table has its seed then."""
    for table in stage.tables:
        seed(warehouse, table)
    return [Task(stage, subject, warehouse, settings, progress) for subject in subjects]


def measure_subject(task: Task) -> Outcome:
    """Measure one subject and write it, trying again where a later try may pass.

    Bad input does not raise: the outcome says failed, and so does a row of
    `extractions`.
    """
    for pause in task.settings.retry_after:
        outcome = _measure_once(task)
        if not outcome.may_pass:
            return outcome
        time.sleep(pause)
    return _measure_once(task)


def lost_task(task: Task, error: str) -> Outcome:
    """The outcome of a task that its engine gave up; `extractions` has a row of it."""
    job = make_job(task)
    outcome = _outcome(job, "failed", time.monotonic(), error=error)
    log_failure(
        job.warehouse,
        job.settings.run,
        outcome,
        datetime.now(UTC),
        family=job.stage.main_part,
    )
    return outcome


def plan_subject(task: Task) -> Plan:
    """What measuring the subject would take; reads no value, and does not raise."""
    job = make_job(task)
    source, against = task.subject.source, task.subject.against
    name = task.stage.name
    try:
        if task.stage.plan is not None:
            return task.stage.plan(job)
        return _plan(job)
    except WeightlakeError as error:
        return Plan(source, "unreadable", error=str(error), stage=name, against=against)


def make_job(task: Task, progress: Callable[[int], None] | None = None) -> Job:
    return Job(
        task.stage,
        task.subject,
        task.warehouse,
        task.settings,
        progress or task.progress,
    )


def _measure_once(task: Task) -> Outcome:
    return measure_job(make_job(task))


def measure_job(job: Job) -> Outcome:
    """One try at a subject, in this thread."""
    began, started_at = time.monotonic(), datetime.now(UTC)
    try:
        is_asked_again = job.settings.verify or job.settings.replace
        if not is_asked_again and find_standing(job) == "unchanged":
            return _outcome(job, "unchanged", began)
        with job.costs.of(job.stage.main_part):
            measured = job.stage.measure(job)
            n_rows = write_measured(job, measured)
        outcome = _measured(job, measured, began, sum(n_rows.values()))
    except WeightlakeError as error:
        may_pass = isinstance(error, SourceError) and error.may_pass
        outcome = _outcome(job, "failed", began, error=str(error), may_pass=may_pass)
    if outcome.status == "failed":
        # A disk that is full may be why it failed, and has no room for a log either.
        with suppress(WarehouseError):
            log_failure(
                job.warehouse,
                job.settings.run,
                outcome,
                started_at,
                family=job.stage.main_part,
            )
    elif outcome.status == "measured":
        versions = measured.versions or {job.stage.main_part: job.stage.version}
        log_measured(job, outcome, started_at, n_rows=n_rows, versions=versions)
    return outcome


def _measured(job: Job, measured: Measured, began: float, n_rows: int) -> Outcome:
    status: Status = "unchanged" if measured.is_unchanged else "measured"
    return _outcome(
        job,
        "failed" if measured.problem else status,
        began,
        n_bytes=_read_bytes(job, measured),
        n_tensors=measured.n_tensors,
        n_measured=measured.n_measured,
        n_reused=measured.n_reused,
        notes=measured.notes,
        error=measured.problem,
        n_rows=n_rows,
    )


def _outcome(
    job: Job,
    status: Status,
    began: float,
    **facts: Any,
) -> Outcome:
    return Outcome(
        job.subject.source,
        status,
        time.monotonic() - began,
        stage=job.stage.name,
        against=job.subject.against,
        **facts,
    )


def _seconds(job: Job, to_read: int) -> float | None:
    if not to_read:
        return 0.0
    parts = [job.stage.main_part]
    seconds = learned_seconds(job.warehouse, job.stage.name, parts, to_read)
    return None if seconds is None else seconds / job.settings.threads


def _read_bytes(job: Job, measured: Measured) -> int:
    if measured.n_bytes is not None:
        return measured.n_bytes
    return 0 if measured.is_unchanged else _file_bytes(job)


def _file_bytes(job: Job) -> int:
    offline = job.settings.local_files_only
    return sum(
        file.n_bytes
        for source in job.subject.sources
        for file in list_files(source, local_files_only=offline)
    )


def _plan(job: Job) -> Plan:
    """By the sizes of files, and what such bytes have cost before."""
    standing = find_standing(job)
    n_bytes = _file_bytes(job)
    to_read = 0 if standing == "unchanged" else n_bytes
    return Plan(
        job.subject.source,
        standing,
        n_bytes=n_bytes,
        n_bytes_to_read=to_read,
        seconds=_seconds(job, to_read),
        stage=job.stage.name,
        against=job.subject.against,
    )
