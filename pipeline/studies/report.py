"""What did a study find? Its files written, its pictures drawn, its report composed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.figures.charts.intervals import Interval, draw_intervals
from pipeline.figures.charts.row_clusters import draw_row_clusters
from pipeline.studies.exports import Folder, markdown_table
from pipeline.studies.patterns import cluster_rows, stream_patterns
from pipeline.studies.study import CONTROLS, Study

if TYPE_CHECKING:
    from pipeline.figures import Figure

# Runs a canned query: (name, parameters) → rows.
Ask = Callable[[str, Mapping[str, str]], list[dict[str, Any]]]

_BY = {"global": "global", "layerwise": "layer", "head_wise": "head"}
_TOP = (
    *("model", "revision", "probe_set", "metric", "rank", "tensor", "coordinates"),
    *("layer", "component", "part", "head", "value", "score", "score_stderr"),
)


def write_results(study: Study, models: Sequence[str], ask: Ask, folder: Folder) -> str:
    """Every file that the study's parts call for; the report as markdown."""
    metric = {"metric": study.scored_by}
    sections = [f"# {study.name}\n\n{study.question}\n"]
    analysis: dict[str, Any] = {}
    if "weights" in study.parts:
        sections.append(_weights(study, models, ask, folder, analysis=analysis))
    if "architecture" in study.parts:
        rows = [
            r
            for m in models
            for r in ask("sensitive_components", {"model": m} | metric)
        ]
        analysis["components"] = rows
        sections.append(_architecture(study, rows, folder))
    if "stability" in study.parts:
        asked = metric | {"k": str(study.topk)}
        rows = [
            r for m in models for r in ask("critical_stability", {"model": m} | asked)
        ]
        analysis["stability"] = rows
        sections.append(_stability(study, rows, folder))
    if "perturbations" in study.parts:
        sections.append(_perturbations(study, models, ask, folder))
    if "tasks" in study.parts:
        sections.append(_tasks(study, models, ask, folder, analysis=analysis))
    folder.json("enhanced_analysis.json", analysis)
    report = "\n".join(sections)
    folder.text("report.md", report)
    return report


def _weights(
    study: Study,
    models: Sequence[str],
    ask: Ask,
    folder: Folder,
    *,
    analysis: dict[str, Any],
) -> str:
    metric = {"metric": study.scored_by}
    asked = metric | {"by": _BY[study.mode], "k": str(study.topk)}
    top = [r for m in models for r in ask("critical_weights", {"model": m} | asked)]
    folder.rows("top_weights.csv", top, _TOP)
    stats = [r for m in models for r in ask("sensitivity_stats", {"model": m} | metric)]
    folder.json("sensitivity_stats.json", stats)
    clusters, lines = {}, []
    for model in models:
        X, tensors = stream_patterns(ask("row_patterns", {"model": model} | metric))
        found = cluster_rows(X) if len(X) else {"status": "no_stream"}
        clusters[model] = found | {"tensors": tensors}
        lines.append(f"- {model}: {_verdict(found)}\n")
        if study.plots and model == models[0]:
            _draw(folder, "weight_clustering", draw_row_clusters(found, model))
    analysis["clusters"] = clusters
    columns = ("model", "rank", "tensor", "coordinates", "score")
    shown = [row for row in top if row["rank"] <= 5]
    return (
        f"## Critical weights\n\nBy {study.metric}.\n\n{markdown_table(shown, columns)}"
        f"\nPatterns of the dimensions of the residual stream:\n\n{''.join(lines)}"
    )


def _verdict(found: Mapping[str, Any]) -> str:
    if found["status"] != "ok":
        return str(found["status"])
    if found["k"]:
        return f"{found['k']} clusters, p {found['p_value']:.2g}"
    return f"no number of clusters beats a Gaussian cloud, p {found['p_value']:.2g}"


def _architecture(
    study: Study, rows: Sequence[Mapping[str, Any]], folder: Folder
) -> str:
    if study.plots:
        intervals = [
            Interval(_labelled(r, r["component"], rows), r["density"], chance=1.0)
            for r in rows
            if r["density"] is not None
        ]
        title = "share of |scores| over share of weights"
        _draw(
            folder,
            "architecture_analysis",
            draw_intervals(intervals, title, "density", chance="weights alike"),
        )
    columns = ("model", "component", "density", "share", "gini", "early_share")
    return f"## Components\n\n{markdown_table(rows, columns)}"


def _stability(study: Study, rows: Sequence[Mapping[str, Any]], folder: Folder) -> str:
    if study.plots:
        intervals = [
            Interval(
                _labelled(row, _pair(row), rows),
                row["jaccard"],
                row["jaccard_low"],
                row["jaccard_high"],
                row["chance"],
            )
            for row in rows
            if row["jaccard"] is not None
        ]
        title = f"overlap of the {study.topk} largest"
        _draw(folder, "temporal_stability", draw_intervals(intervals, title, "Jaccard"))
    columns = (
        *("model", "revision", "to_revision", "probe_set", "to_probe_set"),
        *("n_windows", "to_n_windows", "seed", "to_seed"),
        *("jaccard", "chance", "kendall", "rbo"),
    )
    return f"## Stability\n\n{markdown_table(rows, columns)}"


def _pair(row: Mapping[str, Any]) -> str:
    """What the two runs differ in."""
    parts = [
        f"{word} {row[one]}–{row[f'to_{one}']}".strip()
        for word, one in (
            ("", "revision"),
            ("", "probe_set"),
            ("seed", "seed"),
            ("windows", "n_windows"),
        )
        if row[one] != row[f"to_{one}"]
    ]
    return ", ".join(parts)


def _labelled(row: Mapping[str, Any], label: str, rows: Sequence[Any]) -> str:
    """The model's name before the label, where there are several."""
    is_alone = len({each["model"] for each in rows}) == 1
    return label if is_alone else f"{row['model']} {label}"


def _perturbations(
    study: Study, models: Sequence[str], ask: Ask, folder: Folder
) -> str:
    effects = [r for m in models for r in ask("perturbation_effects", {"model": m})]
    doses = [r for m in models for r in ask("dose_response", {"model": m})]
    left_out = {CONTROLS[name] for name in CONTROLS if name not in study.controls}
    effects = [{k: v for k, v in row.items() if k not in left_out} for row in effects]
    folder.json("perturbation_results.json", {"effects": effects, "doses": doses})
    if study.plots:
        intervals = [
            Interval(
                _labelled(row, f"{row['operation']}, k {row['k']}", effects),
                row["loss_delta"],
                row["ci_low"],
                row["ci_high"],
                row.get("matched_mean"),
            )
            for row in effects
            if row["loss_delta"] is not None
        ]
        title = "loss change of the critical weights"
        _draw(
            folder,
            "advanced_perturbations",
            draw_intervals(intervals, title, "nats a token", chance="matched random"),
        )
    columns = (
        *("model", "operation", "scale"),
        *("k", "loss_delta", "ci_low", "ci_high"),
        *("matched_mean", "p_value", "q_value"),
    )
    return f"## Perturbations\n\n{markdown_table(effects, columns)}"


def _tasks(
    study: Study,
    models: Sequence[str],
    ask: Ask,
    folder: Folder,
    *,
    analysis: dict[str, Any],
) -> str:
    rows = [r for m in models for r in ask("tasks", {"model": m})]
    analysis["tasks"] = rows
    if study.plots:
        intervals = [
            Interval(
                _labelled(row, f"{row['task']} {row['metric']}", rows),
                row["value"],
                row["ci_low"],
                row["ci_high"],
                row["chance"],
            )
            for row in rows
            if row["value"] is not None and "acc" in row["metric"]
        ]
        _draw(
            folder, "downstream_tasks", draw_intervals(intervals, "tasks", "accuracy")
        )
    columns = ("model", "revision", "task", "metric", "value", "ci_low", "ci_high")
    return f"## Tasks\n\n{markdown_table(rows, (*columns, 'chance', 'n', 'status'))}"


def _draw(folder: Folder, name: str, figure: Figure) -> None:
    folder.figure(f"plots/enhanced_{name}.png", figure)
