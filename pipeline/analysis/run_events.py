"""What did a training run go through? Its few events, over several metrics together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.analysis.change_points import CHANGE_METRICS, refuse_repeats
from pipeline.analysis.events import EVENT_ALPHA, MIN_AGREEMENT, Event, find_events

MEMBER = "tensor"
_KEYS = ("model", "metric", MEMBER)
# Metrics may show an event a checkpoint or two apart.
REACH = 2
# Events of what training logged are weaker evidence: a larger p-value suffices to join.
_JOINING_ALPHA = 0.5


@dataclass(frozen=True)
class RunEvent:
    """Events of several metrics at one checkpoint, as one row.

    `agreement` and `effect_size` are the largest of its metrics, `p_value` and
    `q_value` the least; `n_series` and `n_tested` are of the metric that agrees most.
    """

    model: str
    step: int
    first_step: int
    last_step: int
    metrics: str
    kinds: str
    n_series: int
    n_tested: int
    agreement: float
    effect_size: float
    p_value: float
    q_value: float
    evidence: str


@dataclass(frozen=True)
class _OfMetric:
    """An event of one metric, at its place on the run's grid of checkpoints."""

    metric: str
    is_logged: bool
    place: int
    event: Event


_TYPES = {
    "model": pl.String,
    "step": pl.Int64,
    "first_step": pl.Int64,
    "last_step": pl.Int64,
    "metrics": pl.String,
    "kinds": pl.String,
    "n_series": pl.Int64,
    "n_tested": pl.Int64,
    "agreement": pl.Float64,
    "effect_size": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "evidence": pl.String,
}


def find_run_events(
    frame: pl.DataFrame,
    *,
    min_agreement: float = MIN_AGREEMENT,
    alpha: float = EVENT_ALPHA,
) -> pl.DataFrame:
    """One row per RunEvent, by model and step.

    `frame` is long: model, metric, tensor, step and value. The tensor is null for what
    training logged: such a step counts as that of the next checkpoint, where it shows,
    and it joins the events of tensors but makes none of its own beside them. At most a
    share `alpha` of runs to which nothing happened have an event, all metrics together.
    """
    known = frame.drop_nulls("step")
    refuse_repeats(known.select(*_KEYS, "step", "value"), _KEYS)
    rows: list[dict[str, Any]] = []
    for run in known.partition_by("model", maintain_order=True):
        parts = run.partition_by("metric", maintain_order=True)
        # A series without checkpoints has only its log: then the log counts alone.
        measured = run.filter(pl.col(MEMBER).is_not_null())
        grid = (measured if measured.height else run)["step"].unique().sort()
        n_asked = (measured if measured.height else run)["metric"].n_unique()
        found = []
        for part in parts:
            joins_only = measured.height and part[MEMBER].null_count() == part.height
            level = _JOINING_ALPHA if joins_only else alpha / n_asked
            found += _of_metric(part, grid.to_numpy(), min_agreement, level)
        tellers = [each for each in found if not (each.is_logged and measured.height)]
        rows += [
            asdict(_run_event(run["model"][0], near, n_asked))
            for near in _joined(tellers, found)
        ]
    return pl.DataFrame(rows, schema=_TYPES).sort("model", "step")


def _of_metric(
    rows: pl.DataFrame, grid: NDArray[np.int64], min_agreement: float, alpha: float
) -> list[_OfMetric]:
    metric = str(rows["metric"][0])
    is_change = metric in CHANGE_METRICS
    steps, values = _aligned(rows, is_change=is_change)
    if not steps.size:
        return []
    events = find_events(
        steps.tolist(),
        values,
        is_change=is_change,
        min_agreement=min_agreement,
        alpha=alpha,
    )
    is_logged = rows[MEMBER].null_count() == rows.height
    return [
        _OfMetric(metric, is_logged, int(np.searchsorted(grid, each.step)), each)
        for each in events
    ]


def _aligned(
    rows: pl.DataFrame, *, is_change: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps, and values (series, step) of those series that have all of them.

    The steps are those of the most series; others are left out.
    """
    finite = pl.col("value").is_finite()
    good = finite & (pl.col("value") > 0) if is_change else finite
    series = (
        rows.with_columns(pl.col("value").cast(pl.Float64))
        .filter(good)
        .sort(MEMBER, "step")
        .group_by(MEMBER, maintain_order=True)
        .agg("step", "value")
    )
    if not series.height:
        return np.zeros(0, np.int64), np.zeros((0, 0))
    grids = series.group_by("step", maintain_order=True).len()
    most = grids.sort("len", descending=True, maintain_order=True)["step"][0]
    steps = most.to_list()
    chosen = [
        row["value"] for row in series.iter_rows(named=True) if row["step"] == steps
    ]
    return np.array(steps, np.int64), np.array(chosen, np.float64)


def _joined(tellers: list[_OfMetric], found: list[_OfMetric]) -> list[list[_OfMetric]]:
    """Take the event that is shared most, and of each other metric the one nearest."""
    left = list(found)
    joined = []
    for top in sorted(tellers, key=_importance):
        if top not in left:
            continue
        nearest: dict[str, _OfMetric] = {top.metric: top}
        for each in sorted(left, key=lambda other: abs(other.place - top.place)):
            if abs(each.place - top.place) <= REACH:
                nearest.setdefault(each.metric, each)
        joined.append(list(nearest.values()))
        left = [each for each in left if each not in nearest.values()]
    return joined


def _importance(each: _OfMetric) -> tuple[float, float, int]:
    return -each.event.agreement, each.event.p_value, each.event.step


def _run_event(model: str, near: list[_OfMetric], n_metrics: int) -> RunEvent:
    """One row of events of several metrics, of which the first counts most."""
    top = near[0]
    ordered = sorted(near, key=lambda e: (e.is_logged, -e.event.agreement, e.metric))
    alike = [each.event for each in near if each.is_logged == top.is_logged]
    p_value = min(each.p_value for each in alike)
    texts = [f"{each.metric}: {each.event.evidence()}" for each in ordered]
    return RunEvent(
        model=model,
        step=top.event.step,
        first_step=min(each.first_step for each in alike),
        last_step=max(each.last_step for each in alike),
        metrics=", ".join(each.metric for each in ordered),
        kinds=", ".join(sorted({each.event.kind for each in near})),
        n_series=top.event.n_series,
        n_tested=top.event.n_tested,
        agreement=top.event.agreement,
        effect_size=max(each.effect_size for each in alike),
        p_value=p_value,
        q_value=min(1.0, p_value * n_metrics),
        evidence="; ".join(texts),
    )
