"""How well do models do tasks, and what would asking take? Each task of each model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.query import run_query
from pipeline.refs import DEFAULT_REVISION, CheckpointSource, ModelRef
from pipeline.sources import discover
from pipeline.sources.steps import parse_step
from pipeline.stages import (
    Plan,
    StageSettings,
    Subject,
    Watch,
    make_tasks,
    plan_subject,
    run_stage,
)
from pipeline.tasks.samples import SAMPLES, samples_subject
from pipeline.tasks.sets import beside_task
from pipeline.tasks.stage import EVALUATE
from pipeline.warehouse import open_warehouse
from weightlake.values.outcomes import Outcomes
from weightlake.verbs.asking import Notify
from weightlake.verbs.measuring import as_outcomes
from weightlake.verbs.probing import find_sources, report_each


def evaluate(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    options: Mapping[str, object],
    *,
    tasks: Sequence[str],
    samples: Sequence[Path] = (),
    notify: Notify,
) -> Outcomes:
    """Ask models the items of tasks; a row per item and per metric is kept.

    `tasks` are written NAME=FILE, or are names; `options` are the stage's: limit,
    batch, dtype. Instead of tasks `samples` may name files that lm-evaluation-harness
    logged of the one model referred to: nothing is run then. `rows` of what comes back
    are the scores of the model.
    """
    if samples and (tasks or len(references) != 1):
        raise UsageError(
            "samples are of one model, and of no further task",
            fix="Give one REF to a samples file, and leave out the tasks",
        )
    started = time.monotonic()
    if samples:
        ref, step = _named(references[0])
        stage = SAMPLES
        subjects = [samples_subject(file, ref, step) for file in samples]
    else:
        stage = EVALUATE.with_options(dict(options))
        subjects = _subjects(find_sources(references, settings), tasks)
    outcomes = run_stage(
        stage,
        subjects,
        open_warehouse(root),
        settings,
        watch=Watch(each=report_each(len(subjects), started, notify)),
    )
    ended = as_outcomes(outcomes, time.monotonic() - started)
    models = {one.source.ref.model for one in outcomes if one.status != "failed"}
    if not models:
        return ended
    asked = {"model": models.pop()} if len(models) == 1 else {}

    def answer() -> pa.Table:
        return run_query(root, "tasks", asked)

    return ended.with_answer(answer)


def plan_evaluate(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    options: Mapping[str, object],
    *,
    tasks: Sequence[str],
) -> list[Plan]:
    """The memory and time of each checkpoint on each task; no model is run."""
    stage = EVALUATE.with_options(dict(options))
    lake = open_warehouse(root)
    subjects = _subjects(find_sources(references, settings), tasks)
    made = make_tasks(stage, subjects, lake, settings, progress=Watch().progress)
    return [plan_subject(task) for task in made]


def _subjects(
    sources: Sequence[CheckpointSource], tasks: Sequence[str]
) -> list[Subject]:
    if not tasks:
        raise UsageError(
            "no task is named",
            fix="Write --task NAME=FILE, or --task small_endings",
        )
    beside = [beside_task(task) for task in tasks]
    return [Subject(source, beside=each) for source in sources for each in beside]


def _named(reference: str) -> tuple[ModelRef, int | None]:
    """The checkpoint of a path that exists, else the name as it is written."""
    if Path(reference).exists():
        source = discover(reference)[0]
        return source.ref, source.step
    ref = ModelRef.parse(reference)
    is_step = ref.revision != DEFAULT_REVISION
    return ref, parse_step(ref.revision) if is_step else None
