"""How is a study run? Its parts as the stages they are, then its files."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.errors import QueryError, SourceError, UsageError
from pipeline.probes.texts import read_probe_set
from pipeline.query import run_query, run_sql
from pipeline.stages import StageSettings
from pipeline.studies.exports import Folder
from pipeline.studies.report import write_results
from pipeline.studies.study import Study
from pipeline.tasks.sets import beside_task
from weightlake.values.outcomes import Outcomes
from weightlake.verbs.asking import Notify
from weightlake.verbs.environment import own_version
from weightlake.verbs.evaluating import evaluate
from weightlake.verbs.measuring import extract
from weightlake.verbs.perturbing import perturb, sensitivity
from weightlake.verbs.probing import find_sources

_OF_ONE_TEXT = {
    *("critical_weights", "sensitivity_stats", "row_patterns", "sensitive_components")
}
_LIBRARIES = ("torch", "transformers", "numpy", "scipy", "scikit-learn", "duckdb")


@dataclass(frozen=True)
class Studied:
    """What a study made: its files, its report as markdown, and what failed."""

    folder: Path
    files: tuple[Path, ...]
    report: str
    failures: tuple[str, ...]
    seconds: float


def study(
    root: Path,
    asked: Study,
    settings: StageSettings,
    *,
    out_dir: Path | None = None,
    notify: Notify,
) -> Studied:
    """Run the parts of a study on its models, and write its files.

    What the warehouse holds already is not run again. A part that fails for a model is
    a line of `failures`; the others go on. Raises UsageError for a study without a
    model, and SourceError where nothing could be measured at all.
    """
    if not asked.models:
        raise UsageError("the study names no model", fix="Give --model REF, or models")
    began = time.monotonic()
    folder = Folder(out_dir or Path(asked.out_dir or asked.name))
    failures: list[str] = []
    for ended in _run(root, asked, settings, notify):
        failures += ended.failures
    sources = find_sources(asked.models, settings)
    models = list(dict.fromkeys(source.ref.model for source in sources))
    unscored = {model: _why_unscored(root, model) for model in models}
    failures += [f"{model}: no scores: {why}" for model, why in unscored.items() if why]
    measured = [model for model, why in unscored.items() if not why]
    if not measured:
        raise SourceError(
            "; ".join(failures) or "no model could be scored",
            fix="A study needs models with a head that predicts tokens",
        )

    scope = _scope_of(asked)

    def ask(name: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
        own = dict(params)
        if name in _OF_ONE_TEXT:
            own["probe_set"] = scope["probe_set"][0]
        try:
            rows: list[dict[str, Any]] = run_query(root, name, own).to_pylist()
        except QueryError as error:  # a model that has none of this
            failures.append(str(error))
            return []
        return [row for row in rows if _is_within(row, scope)]

    report = write_results(asked, measured, ask, folder)
    if failures:
        lines = "".join(f"- {line}\n" for line in failures)
        report += f"\n## What failed\n\n{lines}"
        folder.text("report.md", report)
    files = folder.close(asked, _versions())
    seconds = time.monotonic() - began
    return Studied(folder.path, tuple(files), report, tuple(failures), seconds)


def _scope_of(asked: Study) -> dict[str, tuple[Any, ...]]:
    """Which rows are the study's own: a warehouse may hold other runs of its models."""
    texts = tuple(read_probe_set(text).name for text in asked.texts)
    return {
        "probe_set": texts,
        "to_probe_set": texts,
        "operation": asked.operations,
        "task": tuple(beside_task(task).name for task in asked.tasks),
    }


def _is_within(row: Mapping[str, Any], scope: Mapping[str, tuple[Any, ...]]) -> bool:
    return all(row[name] in words for name, words in scope.items() if name in row)


def _run(
    root: Path, asked: Study, settings: StageSettings, notify: Notify
) -> list[Outcomes]:
    texts = asked.texts[0]
    metrics = (asked.scored_by,)
    ended = [_extract(root, asked.models, settings)]
    options: dict[str, object] = {"metrics": metrics, "topk": asked.topk}
    runs = [(texts, options)]
    if "stability" in asked.parts:
        runs += [(other, options) for other in asked.texts[1:]]
        drawn = {"samples": asked.samples}
        runs += [(texts, options | drawn | {"seed": seed}) for seed in asked.seeds]
    for probe_set, chosen in runs:
        ended.append(
            sensitivity(
                root, asked.models, settings, chosen, probe_set=probe_set, notify=notify
            )
        )
    if "perturbations" in asked.parts:
        options = {
            "metric": asked.scored_by,
            "operations": asked.operations,
            "scales": asked.scales,
            "ks": asked.doses,
            "draws": asked.draws,
            "seed": asked.seeds[0],
        }
        ended.append(
            perturb(
                root, asked.models, settings, options, probe_set=texts, notify=notify
            )
        )
    if "tasks" in asked.parts:
        limited: dict[str, object] = {"limit": asked.limit}
        ended.append(
            evaluate(
                root, asked.models, settings, limited, tasks=asked.tasks, notify=notify
            )
        )
    return ended


def _extract(root: Path, models: Sequence[str], settings: StageSettings) -> Outcomes:
    """Tensors have their places in the tables: queries by component read them."""
    from pipeline.zoo.manifest import Entry  # these bring the metrics
    from pipeline.zoo.settings import make_settings

    chosen = make_settings(
        families=["entries"],
        threads=settings.threads,
        local_files_only=settings.local_files_only,
    )
    return extract(root, [Entry(model) for model in models], chosen)


def _why_unscored(root: Path, model: str) -> str:
    """The status of its tensors where none has scores; empty where some have."""
    text = "select distinct status from sensitivities where model = $model"
    found = run_sql(root, text, {"model": model}).column(0).to_pylist()
    return "" if "ok" in found else ", ".join(sorted(found)) or "it was not run"


def _versions() -> dict[str, str]:
    found = {"weightlake": own_version(), "python": sys.version.partition(" ")[0]}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
