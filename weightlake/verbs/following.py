"""What happened along a training run, and which checkpoint came from which?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.query import run_query, run_sql
from pipeline.query.audits import run_audits
from weightlake.verbs.asking import Notify


def breaks(
    root: Path,
    series: str,
    *,
    metric: str | None = None,
    component: str | None = None,
    each: bool = False,
    notify: Notify,
) -> pa.Table:
    """The steps at which many tensors of a series broke; with `each`, every break.

    `notify` receives their number, or the reason for none. Raises UsageError for
    `each` without a metric, QueryError for a series that is not there.
    """
    if each and metric is None:
        raise UsageError(
            "every single break is asked for without a metric",
            fix="Name one, such as --metric frobenius_norm",
        )
    model = _model_of(root, series)
    asked = {"model": model, "metric": metric, "component": component}
    given = {name: word for name, word in asked.items() if word is not None}
    found = run_query(root, "breakpoints" if each else "events", given)
    counted = f"{series}: {found.num_rows} {'breaks' if each else 'events'}"
    notify(counted if metric else counted + _which_loss(root, model))
    if found.num_rows == 0:
        tested = run_query(root, "testable", {"metric": "frobenius_norm"} | given)
        if tested.num_rows == 0:
            notify(f"{metric or 'frobenius_norm'} has no value at any step")
        for row in tested.to_pylist():
            notify(
                f"{row['n_series']} series of {row['metric']}, "
                f"at most {row['n_points']} points: {row['status']}"
            )
    return found


def audit(root: Path, series: str) -> pa.Table:
    """One row per checkpoint of a series that is not the step it says.

    Raises QueryError for a series that is not there, with the nearest names.
    """
    return run_audits(root, series)


def lineage(root: Path, model: str | None = None) -> pa.Table:
    """One row per checkpoint: its parent, and what its direction rests on."""
    return run_query(root, "lineage", {} if model is None else {"model": model})


def _which_loss(root: Path, model: str) -> str:
    """Which logged metric was taken for the loss, and what of the log was left out."""
    logged = run_query(root, "logged", {"model": model}).to_pylist()
    if not logged:
        return ""
    taken = ", ".join(row["metric"] for row in logged if row["is_loss"])
    others = ", ".join(row["metric"] for row in logged if not row["is_loss"])
    left_out = f", left out {others}" if others else ""
    return f"; of the log took {taken or 'nothing'}{left_out}"


def _model_of(root: Path, series: str) -> str:
    """The model whose checkpoints a series holds; often both have the same name."""
    text = "select distinct model from checkpoints where series = $series"
    models = run_sql(root, text, {"series": series}).column(0).to_pylist()
    return str(models[0]) if len(models) == 1 else series
