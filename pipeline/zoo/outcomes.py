"""How did a run end, or what will it need? As a table and in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from pipeline.text.units import checkpoints, human_bytes, human_seconds

if TYPE_CHECKING:
    from pipeline.extract import Outcome, Plan

_MOST_NOTES = 10

AnyEnd = TypeVar("AnyEnd", "Outcome", "Plan")


def outcomes_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """One row per checkpoint: what became of it and what it cost."""
    return pa.table(
        {
            "model": pa.array([o.source.ref.model for o in outcomes], pa.string()),
            "revision": pa.array(
                [o.source.ref.revision for o in outcomes], pa.string()
            ),
            "stage": pa.array([o.stage for o in outcomes], pa.string()),
            "against": pa.array([o.against or None for o in outcomes], pa.string()),
            "status": pa.array([o.status for o in outcomes], pa.string()),
            "n_tensors": pa.array([o.n_tensors for o in outcomes], pa.int64()),
            "n_measured": pa.array([o.n_measured for o in outcomes], pa.int64()),
            "n_reused": pa.array([o.n_reused for o in outcomes], pa.int64()),
            "n_bytes": pa.array([o.n_bytes for o in outcomes], pa.int64()),
            "seconds": pa.array([o.seconds for o in outcomes], pa.float64()),
            "error": pa.array([o.error or None for o in outcomes], pa.string()),
        }
    )


def plans_table(plans: Sequence[Plan]) -> pa.Table:
    """One row per checkpoint: what is to be done and what it will cost."""
    return pa.table(
        {
            "model": pa.array([p.source.ref.model for p in plans], pa.string()),
            "revision": pa.array([p.source.ref.revision for p in plans], pa.string()),
            "stage": pa.array([p.stage for p in plans], pa.string()),
            "against": pa.array([p.against or None for p in plans], pa.string()),
            "status": pa.array([p.status for p in plans], pa.string()),
            "n_tensors": pa.array([p.n_tensors for p in plans], pa.int64()),
            "n_bytes": pa.array([p.n_bytes for p in plans], pa.int64()),
            "n_bytes_to_read": pa.array([p.n_bytes_to_read for p in plans], pa.int64()),
            "seconds": pa.array([p.seconds for p in plans], pa.float64()),
            "peak_memory_bytes": pa.array(
                [p.peak_memory_bytes for p in plans], pa.int64()
            ),
            "error": pa.array([p.error or None for p in plans], pa.string()),
        }
    )


def summary_line(outcomes: Sequence[Outcome], seconds: float) -> str:
    """One sentence: how many subjects of each stage ended how, bytes and time."""
    if all(outcome.status == "unchanged" for outcome in outcomes):
        return f"nothing is new: {_subjects(outcomes)} unchanged"
    n_bytes = sum(o.n_bytes for o in outcomes if o.status == "measured")
    parts = [
        f"{_subjects(each)}: {_statuses([outcome.status for outcome in each])}"
        for each in _by_stage(outcomes)
    ]
    return f"{'; '.join(parts)}; {human_bytes(n_bytes)} in {human_seconds(seconds)}"


def _by_stage(ended: Sequence[AnyEnd]) -> list[list[AnyEnd]]:
    """Outcomes or plans, apart by stage, in the order in which stages come."""
    found: dict[str, list[AnyEnd]] = {}
    for each in ended:
        found.setdefault(each.stage, []).append(each)
    return list(found.values()) or [[]]


def _subjects(ended: Sequence[AnyEnd]) -> str:
    """`26 checkpoints`, `26 checkpoints, compare 25`."""
    counts = []
    for each in _by_stage(ended):
        stage = each[0].stage if each else "extract"
        is_extract = stage == "extract"
        counts.append(checkpoints(len(each)) if is_extract else f"{stage} {len(each)}")
    return ", ".join(counts)


def _statuses(statuses: Sequence[str]) -> str:
    order = ("measured", "new", "changed", "partial", "unchanged", "failed")
    count = dict.fromkeys(order, 0)
    for status in statuses:
        count[status] = count.get(status, 0) + 1
    return ", ".join(f"{number} {status}" for status, number in count.items() if number)


def plan_line(plans: Sequence[Plan]) -> str:
    """One sentence: what the whole zoo needs."""
    parts = "; ".join(
        f"{_subjects(each)}: {_statuses([plan.status for plan in each])}"
        for each in _by_stage(plans)
    )
    to_read = sum(p.n_bytes_to_read or 0 for p in plans)
    peak = max((p.peak_memory_bytes or 0 for p in plans), default=0)
    return (
        f"{parts}; {human_bytes(to_read)} to read, "
        f"about {human_seconds(sum(p.seconds or 0 for p in plans))}, "
        f"peak memory {human_bytes(peak)}"
    )


def note_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """What was odd in what was measured; many notes are counted instead."""
    lines = [f"note: {o.label}: {note}" for o in outcomes for note in o.notes]
    more = len(lines) - _MOST_NOTES
    if more > 0:
        lines[_MOST_NOTES:] = [f"{more} more notes: weightlake query configs"]
    return lines


def failure_lines(outcomes: Sequence[Outcome]) -> list[str]:
    return [f"failed: {o.label}: {o.error}" for o in outcomes if o.status == "failed"]
