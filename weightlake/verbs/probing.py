"""What passes a model that runs on texts, and what would running it take?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.errors import SourceError
from pipeline.probes.estimate import count_tokens
from pipeline.probes.load import may_have_tokenizer
from pipeline.probes.stage import PROBE, beside_of
from pipeline.probes.texts import read_probe_set
from pipeline.query import run_query
from pipeline.refs import CheckpointSource
from pipeline.sources import discover, open_checkpoint
from pipeline.stages import (
    Outcome,
    Plan,
    StageSettings,
    Subject,
    Watch,
    make_tasks,
    plan_subject,
    run_stage,
)
from pipeline.warehouse import open_warehouse
from pipeline.zoo.progress import counting, open_meter
from weightlake.values.outcomes import Outcomes
from weightlake.verbs.asking import Notify
from weightlake.verbs.measuring import as_outcomes


def probe(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    options: Mapping[str, object],
    *,
    probe_set: str = "small_texts",
    notify: Notify,
) -> Outcomes:
    """Run models on a probe set and write what passes them; no activation is kept.

    `options` are the stage's: window, stride, dtype, batch_tokens, lens, cka, skips,
    attention, gradients, ablation. `notify` hears how each checkpoint ended and how
    long the rest may take. `rows` of what comes back is the behaviour of the models,
    where any was measured.
    """
    started = time.monotonic()
    sources = find_sources(references, settings)
    stage = PROBE.with_options(dict(options))
    with beside_of(probe_set) as beside:
        total = sum(_tokens(each, beside.location, settings) for each in sources)
        with (
            open_meter(total, "probe", unit="tokens") as meter,
            counting(meter) as progress,
        ):
            outcomes = run_stage(
                stage,
                [Subject(each, beside=beside) for each in sources],
                open_warehouse(root),
                settings,
                watch=Watch(progress, report_each(len(sources), started, notify)),
            )
    ended = as_outcomes(outcomes, time.monotonic() - started)
    if all(one.status == "failed" for one in outcomes):
        return ended
    models = {one.source.ref.model for one in outcomes}
    asked = {"model": models.pop()} if len(models) == 1 else {}
    return ended.with_answer(lambda: _behaviour(root, asked))


def plan_probe(
    root: Path,
    references: Sequence[str],
    settings: StageSettings,
    options: Mapping[str, object],
    *,
    probe_set: str = "small_texts",
) -> list[Plan]:
    """The memory and time of each checkpoint on the probe set; no model is run."""
    stage = PROBE.with_options(dict(options))
    lake = open_warehouse(root)
    with beside_of(probe_set) as beside:
        subjects = [
            Subject(each, beside=beside) for each in find_sources(references, settings)
        ]
        tasks = make_tasks(stage, subjects, lake, settings, progress=Watch().progress)
        return [plan_subject(task) for task in tasks]


def find_sources(
    references: Sequence[str], settings: StageSettings
) -> list[CheckpointSource]:
    return [
        source
        for reference in references
        for source in discover(reference, local_files_only=settings.local_files_only)
    ]


def _tokens(source: CheckpointSource, texts: str, settings: StageSettings) -> int:
    """About how many tokens a checkpoint has to read; 0 where it cannot be opened."""
    try:
        checkpoint = open_checkpoint(source, local_files_only=settings.local_files_only)
    except SourceError:
        return 0  # its outcome says why
    has_tokenizer = may_have_tokenizer(checkpoint)
    return count_tokens(read_probe_set(texts), has_tokenizer=has_tokenizer)


def report_each(n: int, started: float, notify: Notify) -> Callable[[Outcome], None]:
    """Says how each checkpoint ended, how many are left, and how long that may take."""
    done = 0

    def report(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        tail = outcome.error or f"{outcome.n_rows} rows, {outcome.seconds:.1f} s"
        left = n - done
        if left:
            each = (time.monotonic() - started) / done
            tail += f"; {left} to go, about {left * each:.0f} s"
        notify(f"{outcome.status}: {outcome.label}: {tail}")

    return report


def _behaviour(root: Path, asked: Mapping[str, str]) -> pa.Table:
    return run_query(root, "behaviour", asked)
