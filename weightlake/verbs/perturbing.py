"""Which weights matter, and what would asking take? Scores of weights on texts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.perturb.perturb_stage import PERTURB
from pipeline.perturb.stage import SENSITIVITY
from pipeline.probes.stage import beside_of
from pipeline.query import run_query
from pipeline.stages import (
    Plan,
    Stage,
    StageSettings,
    Subject,
    Watch,
    make_tasks,
    plan_subject,
    run_stage,
)
from pipeline.warehouse import open_warehouse
from weightlake.values.outcomes import Outcomes
from weightlake.verbs.asking import Notify
from weightlake.verbs.measuring import as_outcomes
from weightlake.verbs.probing import find_sources, report_each

# Of several metrics that were asked for, the one whose critical weights are shown.
_SHOWN = "abs_grad_x_weight"


def sensitivity(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    options: Mapping[str, object],
    *,
    probe_set: str = "small_texts",
    notify: Notify,
) -> Outcomes:
    """Score every weight of models on a probe set; summaries and the largest are kept.

    `options` are the stage's: metrics, topk, samples, seed, probes and others. `notify`
    hears how each checkpoint ended. `rows` of what comes back are the critical weights
    of the model, where one was scored.
    """
    stage = SENSITIVITY.with_options(dict(options))
    metrics = [name.rpartition(":")[2] for name in stage.parameters.metrics]
    shown = _SHOWN if _SHOWN in metrics or not metrics else metrics[0]
    return _run(
        root,
        references,
        settings,
        stage,
        probe_set=probe_set,
        notify=notify,
        query="critical_weights",
        asked={"metric": shown},
    )


def perturb(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    options: Mapping[str, object],
    *,
    probe_set: str = "small_texts",
    notify: Notify,
) -> Outcomes:
    """Change the weights of the largest scores, and controls; each is brought back.

    `options` are the stage's: metric, operations, scales, ks, selectors, draws and
    others. `rows` of what comes back are the effects, with intervals and p-values.
    """
    return _run(
        root,
        references,
        settings,
        PERTURB.with_options(dict(options)),
        probe_set=probe_set,
        notify=notify,
        query="perturbation_effects",
        asked={},
    )


def plan_sensitivity(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    options: Mapping[str, object],
    *,
    probe_set: str = "small_texts",
) -> list[Plan]:
    """The memory and time of each checkpoint on the probe set; no model is run."""
    stage = SENSITIVITY.with_options(dict(options))
    lake = open_warehouse(root)
    with beside_of(probe_set) as beside:
        sources = find_sources(references, settings)
        subjects = [Subject(each, beside=beside) for each in sources]
        tasks = make_tasks(stage, subjects, lake, settings, progress=Watch().progress)
        return [plan_subject(task) for task in tasks]


def _run(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    stage: Stage,
    *,
    probe_set: str,
    notify: Notify,
    query: str,
    asked: Mapping[str, str],
) -> Outcomes:
    started = time.monotonic()
    sources = find_sources(references, settings)
    with beside_of(probe_set) as beside:
        outcomes = run_stage(
            stage,
            [Subject(each, beside=beside) for each in sources],
            open_warehouse(root),
            settings,
            watch=Watch(each=report_each(len(sources), started, notify)),
        )
    ended = as_outcomes(outcomes, time.monotonic() - started)
    models = {one.source.ref.model for one in outcomes if one.status != "failed"}
    if len(models) != 1:
        return ended
    model = models.pop()

    def answer() -> pa.Table:
        return run_query(root, query, {"model": model, **asked})

    return ended.with_answer(answer)
