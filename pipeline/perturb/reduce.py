"""How do scores become rows? One tensor at a time; no score outlives its summary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import numpy as np

from pipeline.metrics.sensitivity.summary import Summary, scale, summarise
from pipeline.perturb.gradients import ABSOLUTE
from pipeline.perturb.measure import SNIP
from pipeline.perturb.scored import Scored
from pipeline.perturb.tops import (
    Tops,
    certain_magnitudes,
    find_tops,
    head_places,
    place_of,
    rank_tops,
)
from pipeline.row import Row

Tables = dict[str, list[Row]]
_LEAST_SHARE = 1e-300


@dataclass
class ScoreReducer:
    """Takes scores of tensors and keeps summaries, sums of rows and heads, and tops."""

    metrics: tuple[str, ...]
    topk: int
    head_topk: int
    tensors: list[tuple[Row, Summary | None]] = field(default_factory=list)
    heads: list[Row] = field(default_factory=list)
    tops: dict[str, list[Tops]] = field(default_factory=dict)

    def take(self, found: Scored) -> None:
        """Reduce one tensor's scores."""
        row = {
            **place_of(found.weight),
            "parameter": found.weight.at.parameter,
            "metric": found.metric,
            "status": found.status,
            "n_samples": found.n_samples,
            "n_elements": found.weight.n_elements,
            "sum_stderr": found.sum_stderr,
        }
        if found.values is None:
            self.tensors.append((row, None))
            return
        magnitudes, row["n_uncertain"] = certain_magnitudes(found)
        if found.stderr is None:
            row["n_uncertain"] = None
        else:
            row["mean_stderr"] = float(found.stderr.mean(dtype=np.float64))
        row |= _sides(found)
        self.tensors.append((row, summarise(found.values)))
        self.heads += _head_rows(found)
        tops = find_tops(found, magnitudes, topk=self.topk, head_topk=self.head_topk)
        self.tops.setdefault(found.metric, []).append(tops)

    def finish(self) -> Tables:
        """Rows of all tables, with SNIP made of |g·w| where it is asked for."""
        totals = self._totals()
        critical = [
            row
            for metric, tops in self.tops.items()
            for row in rank_tops(tops, metric, self.topk)
        ]
        tensors = [_tensor_row(*one, totals) for one in self.tensors]
        tables = {
            "head_sensitivities": list(self.heads),
            "critical_weights": critical,
            "sensitivities": tensors,
        }
        if SNIP in self.metrics:
            total = totals.get(ABSOLUTE, 0.0)
            tables["sensitivities"] += [
                _tensor_row(*_normalised(row, summary, total), totals | {SNIP: 1.0})
                for row, summary in self.tensors
                if row["metric"] == ABSOLUTE
            ]
            for name in ("head_sensitivities", "critical_weights"):
                tables[name] += _divided(tables[name], total)
        wanted = {name.rpartition(":")[2] for name in self.metrics}
        return {
            name: [row for row in rows if row["metric"] in wanted]
            for name, rows in tables.items()
        }

    def _totals(self) -> dict[str, float]:
        totals: dict[str, float] = {}
        for row, summary in self.tensors:
            if summary is not None and summary.score_abs_sum is not None:
                metric = row["metric"]
                totals[metric] = totals.get(metric, 0.0) + summary.score_abs_sum
        return totals


def reduce_scores(
    scores: Iterable[Scored], metrics: tuple[str, ...], *, topk: int, head_topk: int
) -> Tables:
    """Rows of `sensitivities`, `head_sensitivities` and `critical_weights`."""
    reducer = ScoreReducer(metrics, topk, head_topk)
    for one in scores:
        reducer.take(one)
    return reducer.finish()


def _tensor_row(row: Row, summary: Summary | None, totals: dict[str, float]) -> Row:
    if summary is None:
        return dict(row)
    total = totals.get(row["metric"], 0.0)
    share = None
    if summary.score_abs_sum is not None and total > _LEAST_SHARE:
        share = min(summary.score_abs_sum / total, 1.0)
    return row | asdict(summary) | {"share": share}


def _normalised(
    row: Row, summary: Summary | None, total: float
) -> tuple[Row, Summary | None]:
    row = row | {"metric": SNIP}
    if summary is None or total <= 0:
        return row, summary
    sides = {
        name: None if row.get(name) is None else [s / total for s in row[name]]
        for name in ("row_sums", "col_sums")
    }
    return row | sides, scale(summary, 1 / total)


def _divided(rows: list[Row], total: float) -> list[Row]:
    names = ("score", "score_abs_sum", "mean_abs", "abs_max")
    found = []
    for row in rows:
        if row["metric"] == ABSOLUTE and total > 0:
            changed = {name: row[name] / total for name in names if name in row}
            found.append(row | changed | {"metric": SNIP})
    return found


def _sides(found: Scored) -> Row:
    """Σ|s| by row and by column of the tensor as a matrix of its first dimension."""
    values = found.values
    if values is None or values.ndim < 2:
        return {"row_sums": None, "col_sums": None}
    matrix = np.abs(values.reshape(values.shape[0], -1))
    return {
        "row_sums": matrix.sum(1, dtype=np.float64).tolist(),
        "col_sums": matrix.sum(0, dtype=np.float64).tolist(),
    }


def _head_rows(found: Scored) -> list[Row]:
    if found.values is None:
        return []
    flat = np.abs(found.values.reshape(-1))
    rows = []
    for part, head, places in head_places(found.weight):
        inside = flat[places]
        total = float(inside.sum(dtype=np.float64))
        rows.append(
            {
                **place_of(found.weight),
                "part": part,
                "head": head,
                "metric": found.metric,
                "n_elements": int(places.size),
                "score_abs_sum": total,
                "mean_abs": total / places.size,
                "abs_max": float(inside.max()),
            }
        )
    return [row for row in rows if np.isfinite(row["score_abs_sum"])]
