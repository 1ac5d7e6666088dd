"""What does each head do? One row a head, from the sums of all layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from pipeline.metrics.attention.agreement import nearest
from pipeline.metrics.attention.sums import HeadSums
from pipeline.metrics.attention.verdicts import Verdict, judge_induction, judge_sink

Place = TypeVar("Place")
Row = dict[str, Any]

# Column of the row: name of the sum; the column is the sum's mean over queries.
MEANS = {
    "entropy": "entropy",
    "normalised_entropy": "normalised_entropy",
    "largest_weight": "largest",
    "sink_mass": "sink",
    "uniform_sink_mass": "uniform_sink",
    "virtual_sink_mass": "virtual_sink",
    "mean_distance": "distance",
    "self_mass": "self",
    "previous_token_score": "previous",
    "first_token_mass": "first",
    "punctuation_mass": "punctuation",
    "duplicate_token_score": "duplicate",
    "induction_score": "induction",
    "lookback_ratio": "lookback",
}


def describe_heads(sums: Mapping[Place, HeadSums]) -> list[tuple[Place, Row]]:
    """A row for every head of every attention, with its place."""
    n_heads = sum(one.n_heads for one in sums.values())
    found = []
    for place, one in sums.items():
        means = {column: one.mean(name) for column, name in MEANS.items()}
        induction, sink = judge_induction(one, n_heads), judge_sink(one, n_heads)
        for head in range(one.n_heads):
            row: Row = {"head": head, "n_queries": one.n_queries}
            row |= {
                column: None if values is None else _number(values[head])
                for column, values in means.items()
            }
            row |= _verdict("induction", induction, head)
            row |= _verdict("sink", sink, head)
            row["status"] = _status(one, row)
            found.append((place, row))
    for name in ("induction", "sink"):
        _add_q_values([row for _, row in found], name)
    return found


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _verdict(name: str, verdict: Verdict, head: int) -> Row:
    excess, p, said = verdict.excess, verdict.p_value, verdict.is_announced
    return {
        f"{name}_excess": None if excess is None else _number(excess[head]),
        f"{name}_p_value": None if p is None else _number(p[head]),
        f"is_{name}": None if said is None else bool(said[head]),
    }


def _add_q_values(rows: list[Row], name: str) -> None:
    """Benjamini and Hochberg's (1995) over all heads that have a p-value."""
    from scipy import stats

    tested = [row for row in rows if row[f"{name}_p_value"] is not None]
    q_values = (
        stats.false_discovery_control([row[f"{name}_p_value"] for row in tested])
        if tested
        else ()
    )
    for row in rows:
        row[f"{name}_q_value"] = None
    for row, q in zip(tested, q_values, strict=True):
        row[f"{name}_q_value"] = float(q)


def _status(sums: HeadSums, row: Row) -> str:
    if sums.n_queries == 0:
        return "no_queries"
    return "non_finite" if row["entropy"] is None else "ok"


def agreements(
    sums: Mapping[Place, HeadSums],
) -> dict[tuple[Place, int], tuple[Place, int, float]]:
    """For each head of these attentions the most similar head, and their affinity."""
    keys = [(place, head) for place, one in sums.items() for head in range(one.n_heads)]
    if not keys:
        return {}
    maps = np.concatenate([one.map() for one in sums.values()])
    others, alike = nearest(maps)
    return {
        key: (*keys[other], float(much))
        for key, other, much in zip(keys, others, alike, strict=True)
        if other >= 0
    }
