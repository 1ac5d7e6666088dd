"""What did a training run go through? Its few events, over several metrics together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline.analysis.change_points import ChangePoints, find_change_points
from pipeline.analysis.events import MIN_AGREEMENT, REACH, find_events

MEMBER = "tensor"
_KEYS = ("model", "metric", MEMBER)


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
    effect_size: float | None
    p_value: float | None
    q_value: float
    evidence: str


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
    frame: pl.DataFrame, *, min_agreement: float = MIN_AGREEMENT, alpha: float = 0.05
) -> pl.DataFrame:
    """One row per RunEvent, by model and step.

    `frame` is long: model, metric, tensor, step and value. The tensor is null for what
    training logged: such a step counts as that of the next checkpoint, where it shows,
    and it joins the events of tensors but makes none of its own beside them.
    """
    found = find_change_points(frame, by=_KEYS, alpha=alpha)
    rows: list[dict[str, Any]] = []
    for part in frame.partition_by("model", maintain_order=True):
        model = part["model"][0]
        events = [
            _of_metric(found, of_one, min_agreement)
            for of_one in part.partition_by("metric", maintain_order=True)
        ]
        rows += [asdict(each) for each in _joined(model, pl.concat(events), part)]
    return pl.DataFrame(rows, schema=_TYPES).sort("model", "step")


def _of_metric(
    found: ChangePoints, rows: pl.DataFrame, min_agreement: float
) -> pl.DataFrame:
    model, metric = rows.select("model", "metric").row(0)
    own = (pl.col("model") == model) & (pl.col("metric") == metric)
    mine = ChangePoints(found.breaks.filter(own), found.tested.filter(own))
    return find_events(
        mine,
        rows["step"].unique().to_list(),
        within=("model", "metric"),
        min_agreement=min_agreement,
    ).with_columns(is_logged=pl.lit(rows[MEMBER].null_count() == rows.height))


def _joined(model: str, events: pl.DataFrame, rows: pl.DataFrame) -> list[RunEvent]:
    """Take the event that is shared most, and those of other metrics near it."""
    measured = rows.filter(pl.col(MEMBER).is_not_null())
    # Of a run of which there is nothing but its log, the log tells all.
    teller = measured if measured.height else rows
    grid = teller["step"].unique().sort().to_numpy()
    places = np.searchsorted(grid, events["step"].to_numpy())
    left = events.with_columns(place=pl.Series(places, dtype=pl.Int64))
    told = left.filter(~pl.col("is_logged") | (measured.height == 0)).sort(
        "agreement", "q_value", "step", descending=[True, False, False]
    )
    joined = []
    for top in told.iter_rows(named=True):
        distance = (pl.col("place") - top["place"]).abs()
        near = left.filter(distance <= REACH)
        if near.filter(pl.col("step") == top["step"]).height:
            joined.append(_run_event(model, top, near))
            left = left.filter(distance > REACH)
    return joined


def _run_event(model: str, top: dict[str, Any], near: pl.DataFrame) -> RunEvent:
    ordered = near.sort(
        "is_logged", "agreement", "metric", descending=[False, True, False]
    )
    told = ordered.filter(pl.col("is_logged") == top["is_logged"])
    kinds = {kind for text in ordered["kinds"] for kind in text.split(", ")}
    texts = [f"{each['metric']}: {each['evidence']}" for each in ordered.to_dicts()]
    (effect, p, q) = told.select(
        pl.col("effect_size").max(), pl.col("p_value").min(), pl.col("q_value").min()
    ).row(0)
    return RunEvent(
        model=model,
        step=top["step"],
        first_step=min(told["first_step"].to_list()),
        last_step=max(told["last_step"].to_list()),
        metrics=", ".join(ordered["metric"].unique(maintain_order=True)),
        kinds=", ".join(sorted(kinds)),
        n_series=top["n_series"],
        n_tested=top["n_tested"],
        agreement=top["agreement"],
        effect_size=effect,
        p_value=p,
        q_value=q,
        evidence="; ".join(texts),
    )
