"""How is a checkpoint's measurement declared? As the stage `extract`."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.extract.ledger import CHECKPOINT_FAMILY, CHECKPOINT_VERSION
from pipeline.extract.plan import plan_job
from pipeline.extract.run import measure_checkpoint
from pipeline.extract.settings import ExtractOptions, Settings
from pipeline.metrics.families import FAMILIES
from pipeline.refs import CheckpointSource
from pipeline.stages.outcome import Outcome
from pipeline.stages.plan import Plan
from pipeline.stages.run import make_job, measure_job, plan_subject
from pipeline.stages.stage import Job, Stage, Standing, Task
from pipeline.stages.subject import Subject
from pipeline.tables import CHECKPOINTS, NULLS, TABLES, TENSORS, TRAINING_LOG
from pipeline.warehouse import Warehouse

_OF_FAMILIES = {name for family in FAMILIES for name in family.tables}


def _looks_itself(_: Job) -> Standing:
    """Leave it to `measure_checkpoint`, so that a hub is asked once, not twice."""
    return "changed"


EXTRACT = Stage(
    "extract",
    CHECKPOINT_VERSION,
    "checkpoint",
    (
        *(table for table in TABLES if table.name in _OF_FAMILIES),
        NULLS,
        TENSORS,
        TRAINING_LOG,
        CHECKPOINTS,
    ),
    measure_checkpoint,
    ExtractOptions(),
    standing=_looks_itself,
    plan=plan_job,
    part=CHECKPOINT_FAMILY,
)


def extract_stage(families: tuple[str, ...]) -> Stage:
    """The stage for these metric families."""
    return EXTRACT.with_options({"families": families})


def extract_checkpoint(
    source: CheckpointSource,
    warehouse: Warehouse,
    settings: Settings,
    *,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Measure what is new of a checkpoint and write it; `progress` counts bytes.

    Bad input does not raise: the outcome says failed, and so does a row of
    `extractions`.
    """
    stage = extract_stage(settings.families)
    task = Task(stage, Subject(source), warehouse, settings)
    return measure_job(make_job(task, progress))


def plan_checkpoint(
    source: CheckpointSource, warehouse: Warehouse, settings: Settings
) -> Plan:
    """Compare a checkpoint's files with the warehouse; read headers, and no value.

    Does not raise for bad input: the plan says unreadable, and why.
    """
    stage = extract_stage(settings.families)
    return plan_subject(Task(stage, Subject(source), warehouse, settings))
