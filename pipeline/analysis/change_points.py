"""Where do thousands of series break, and which breaks would noise have made?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.analysis.abrupt import Tails, own_tails
from pipeline.analysis.abrupt import pool as pool_tails
from pipeline.analysis.multiplicity import q_values
from pipeline.analysis.one_series import (
    N_DETECTORS,
    Break,
    Ready,
    Scan,
    prepare,
    scan_ready,
    with_q,
)
from pipeline.analysis.shared import shared_jumps
from pipeline.errors import UsageError

# Metrics that are sizes of a change since the step before: their logarithm is judged.
CHANGE_METRICS = frozenset(
    {"relative_change", "abs_max_change", "change_norm", "change_spectral_norm"}
)
# A series that wanders is still tested for single steps.
_JUDGED = frozenset({"ok", "untestable"})
# Of more series than this the tails are estimated from an even sample.
_N_SAMPLED = 200
_BREAK_TYPES = {
    "step": pl.Int64,
    "ci_low": pl.Int64,
    "ci_high": pl.Int64,
    "kind": pl.String,
    "before": pl.Float64,
    "after": pl.Float64,
    "effect_size": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "n_points": pl.Int64,
}


@dataclass(frozen=True)
class ChangePoints:
    """`breaks`: a row per break; `tested`: a row per series, its status and points."""

    breaks: pl.DataFrame
    tested: pl.DataFrame


def find_change_points(
    frame: pl.DataFrame,
    *,
    by: Sequence[str],
    member: str = "tensor",
    alpha: float = 0.05,
    threads: int | None = None,
) -> ChangePoints:
    """The breaks of every series in a long frame of `by`, step and value.

    Rows may come in any order; null values are ignored. A series whose column `metric`
    names a size of change is judged by its logarithm, and together with the series that
    differ from it in `member` alone. q-values are over all series and detectors; breaks
    with q ≤ alpha are returned, ordered by series and step.
    Raises UsageError when a column is missing or a series has a step twice.
    """
    missing = [name for name in (*by, "step", "value") if name not in frame.columns]
    if missing:
        raise UsageError(
            f"the frame has no column {', '.join(missing)}",
            fix=f"Its columns are {', '.join(frame.columns)}",
        )
    rows = frame.select(*by, "step", "value").drop_nulls("step")
    refuse_repeats(rows, by)
    series = (
        rows.sort(*by, "step").group_by(*by, maintain_order=True).agg("step", "value")
    )
    ready = prepare_many(
        [each.to_numpy() for each in series["step"]],
        [each.cast(pl.Float64).to_numpy() for each in series["value"]],
        [name in CHANGE_METRICS for name in _metrics(series)],
    )
    scans = scan_many(ready, alpha=alpha, threads=threads)
    keys = series.select(by)
    tested = keys.with_columns(
        status=pl.Series([scan.status for scan in scans], dtype=pl.String),
        n_points=pl.Series([scan.n_points for scan in scans], dtype=pl.Int64),
    )
    lone = _significant(scans, alpha)
    shared = _shared(keys, ready, member, alpha) if member in by else []
    return ChangePoints(_table(keys, scans, _merged(lone, shared)), tested)


def prepare_many(
    steps: Sequence[np.ndarray],
    values: Sequence[np.ndarray],
    is_change: Sequence[bool],
) -> list[Ready]:
    """Check each series; raise UsageError where steps repeat or descend."""
    return [
        prepare(x, y, is_change=flag)
        for x, y, flag in zip(steps, values, is_change, strict=True)
    ]


def scan_many(
    ready: Sequence[Ready], *, alpha: float, threads: int | None = None
) -> list[Scan]:
    """Run all detectors on all series; the compiled parts release the lock.

    The tails are estimated from all series, for levels and for changes separately.
    """
    tails = {flag: _tails(ready, is_change=flag) for flag in (False, True)}

    def scan(series: Ready) -> Scan:
        return scan_ready(series, tails[series.is_change], alpha)

    n_threads = threads or min(os.cpu_count() or 1, 8)
    if len(ready) < 2 * n_threads or n_threads == 1:
        return [scan(series) for series in ready]
    with ThreadPoolExecutor(n_threads) as executor:
        return list(executor.map(scan, ready, chunksize=32))


def _tails(ready: Sequence[Ready], *, is_change: bool) -> Tails:
    alike = [s for s in ready if s.status == "ok" and s.is_change == is_change]
    some = alike[:: max(len(alike) // _N_SAMPLED, 1)]
    return pool_tails([own_tails(s.steps, s.values, is_change=is_change) for s in some])


def _metrics(series: pl.DataFrame) -> list[str]:
    if "metric" in series.columns:
        return [str(name) for name in series["metric"]]
    return [""] * series.height


def refuse_repeats(rows: pl.DataFrame, by: Sequence[str]) -> None:
    repeated = rows.group_by(*by, "step").len().filter(pl.col("len") > 1)
    if repeated.height:
        first = repeated.sort(*by, "step").row(0, named=True)
        name = ", ".join(str(first[key]) for key in by if first[key] is not None)
        raise UsageError(
            f"step {first['step']} is there {first['len']} times",
            where=name,
            fix="Give one value a step: weightlake audit names repeated steps",
        )


def _significant(scans: Sequence[Scan], alpha: float) -> list[tuple[int, Break]]:
    """(index of the series, break) for each q ≤ alpha over all tests made."""
    found = [(i, each) for i, scan in enumerate(scans) for each in scan.breaks]
    n_tests = N_DETECTORS * sum(scan.status in _JUDGED for scan in scans)
    q = q_values(np.array([each.p_value for _, each in found]), n_tests)
    return [
        (i, with_q(each, float(value)))
        for (i, each), value in zip(found, q, strict=True)
        if value <= alpha
    ]


def _shared(
    keys: pl.DataFrame, ready: Sequence[Ready], member: str, alpha: float
) -> list[tuple[int, Break]]:
    """Jumps that the median over `member` shows, group by group."""
    tails = _tails(ready, is_change=True)
    rest = [name for name in keys.columns if name != member]
    indexed = keys.with_row_index("series_index")
    groups = indexed.partition_by(rest) if rest else [indexed]
    found = []
    for group in groups:
        places = group["series_index"].to_list()
        jumps = shared_jumps([ready[i] for i in places], tails, alpha)
        found += [(places[i], each) for i, each in jumps]
    return found


def _merged(
    lone: list[tuple[int, Break]], shared: list[tuple[int, Break]]
) -> list[tuple[int, Break]]:
    """One break per step of each series: the finding with the least q-value."""
    best: dict[tuple[int, int], Break] = {}
    for i, each in [*lone, *shared]:
        known = best.get((i, each.step))
        if known is None or each.q_value < known.q_value:
            best[i, each.step] = each
    return [(i, each) for (i, _), each in sorted(best.items(), key=lambda kv: kv[0])]


def _table(
    keys: pl.DataFrame, scans: Sequence[Scan], found: list[tuple[int, Break]]
) -> pl.DataFrame:
    """One row per break, with the keys of its series."""
    names = [name for name in _BREAK_TYPES if name != "n_points"]
    columns: dict[str, list[object]] = {
        name: [getattr(each, name) for _, each in found] for name in names
    }
    columns["n_points"] = [scans[i].n_points for i, _ in found]
    facts = pl.DataFrame(columns, schema=_BREAK_TYPES)
    rows = keys[[i for i, _ in found]] if found else keys.clear()
    return pl.concat([rows, facts], how="horizontal")
