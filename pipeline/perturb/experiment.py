"""Do chosen weights hurt more than random ones? Arms, draws, and what each does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.sensitivity.chances import clustered_interval, permutation_p
from pipeline.perturb.candidates import Candidates, make_strata
from pipeline.perturb.changing import (
    OPERATIONS,
    Guard,
    Operation,
    Picks,
    changed,
    changed_by,
    make_change,
    make_random_step,
)
from pipeline.perturb.losses import Example, documents_of, losses
from pipeline.perturb.own import find_perturbation
from pipeline.perturb.scored import Array
from pipeline.perturb.tops import largest
from pipeline.probes.capture import Forward
from pipeline.row import Row

Floats = NDArray[np.float64]
# Of the controls that no p-value is taken from.
_FEW = 20


@dataclass(frozen=True, eq=False)
class Judge:
    """Texts that judge: their documents' losses with the model as it stands."""

    forward: Forward
    examples: Sequence[Example]
    n_documents: int
    chunk: int = 1024

    def losses(self) -> tuple[Floats, Floats]:
        """Sums of −ln p and counts of predictions, by document."""
        import torch

        sums, counts = np.zeros(self.n_documents), np.zeros(self.n_documents)
        with torch.no_grad():
            for one in self.examples:
                found = losses(self.forward, one, chunk=self.chunk).double()
                at = documents_of(self.forward, one)
                np.add.at(sums, at, found.cpu().numpy())
                np.add.at(counts, at, 1)
        kept = counts > 0
        return sums[kept], counts[kept]


@dataclass(frozen=True)
class Cell:
    """One experiment: so many weights, changed so, so strongly."""

    operation: str
    scale: float
    k: int


@dataclass(frozen=True, eq=False)
class Bench:
    """All that experiments of one selector share; `fresh` are a new model's scores."""

    guard: Guard
    candidates: Candidates
    scores: Array
    judge: Judge
    before: tuple[Floats, Floats]
    stds: Mapping[str, float]
    fresh: Array | None = None
    seed: int = 0


def run_cell(bench: Bench, cell: Cell, *, draws: int, seeds: int) -> list[Row]:
    """Rows of every arm and draw of one experiment, the top's with its p-value.

    The top's change is repeated over seeds where it is random; the first of them has
    the p-value, as each matched draw is one change too.
    """
    k = min(cell.k, bench.candidates.n)
    top = largest(bench.scores, k)
    if not len(top):
        return []
    n_top = seeds if cell.operation == "gaussian" else 1
    rows = [_run(bench, cell, top, arm="top", draw=draw) for draw in range(n_top)]
    norm = rows[0]["change_norm"] or 0.0
    matched = []
    for arm, draw, chosen in _controls(bench, k, top, draws):
        row = _run(bench, cell, chosen, arm=arm, draw=draw, norm=norm)
        rows.append(row)
        if arm == "matched":
            matched.append(_effect(row))
    rows[0]["p_value"] = permutation_p(_effect(rows[0]), matched)
    return rows


def _controls(
    bench: Bench, k: int, top: Array, draws: int
) -> Iterator[tuple[str, int, Array]]:
    n = bench.candidates.n
    rng = np.random.default_rng([bench.seed, k])
    strata = make_strata(bench.candidates)
    counts = np.bincount(
        bench.candidates.strata[top], minlength=len(bench.candidates.weights) * 10
    )
    for draw in range(draws):
        yield "matched", draw, strata.draw(counts, rng)
    for draw in range(min(draws, _FEW)):
        yield "random", draw, rng.choice(n, len(top), replace=False)
        yield "shuffled", draw, largest(rng.permutation(bench.scores), len(top))
        yield "norm", draw, rng.choice(n, len(top), replace=False)
    lowest = largest(
        np.where(bench.scores < 0, -1, bench.scores.max() - bench.scores), k
    )
    yield "bottom", 0, lowest if len(lowest) else top
    yield "all", 0, np.arange(n)
    if bench.fresh is not None:
        yield "fresh", 0, largest(bench.fresh, len(top))


def _run(
    bench: Bench, cell: Cell, chosen: Array, *, arm: str, draw: int, norm: float = 0.0
) -> Row:
    seed = bench.seed * 1_000_003 + draw
    picks = list(bench.candidates.split(chosen))
    with _changed(bench, cell, picks, arm=arm, seed=seed, norm=norm) as change_norm:
        sums, counts = bench.judge.losses()
    before, _ = bench.before
    delta = float((sums - before).sum() / counts.sum())
    is_finite = bool(np.isfinite(delta))
    interval = clustered_interval(sums - before, counts, seed=bench.seed)
    return {
        "operation": cell.operation.rpartition(":")[2],
        "scale": cell.scale,
        "k": cell.k,
        "arm": arm,
        "draw": draw,
        "status": "ok" if is_finite else "non_finite_loss",
        "n_weights": len(chosen),
        "n_documents": len(counts),
        "change_norm": change_norm if np.isfinite(change_norm) else None,
        "loss_before": float(before.sum() / counts.sum()),
        "loss_delta": delta if is_finite else None,
        "ci_low": None if interval is None else interval[0],
        "ci_high": None if interval is None else interval[1],
    }


def _changed(
    bench: Bench, cell: Cell, picks: Picks, *, arm: str, seed: int, norm: float
) -> AbstractContextManager[float]:
    if arm == "norm":
        n = sum(len(places) for _, places in picks)
        return changed(bench.guard, picks, make_random_step(norm, n, seed))
    if cell.operation in OPERATIONS:
        name: Operation = cell.operation
        change = make_change(name, cell.scale, seed, bench.stds)
        return changed(bench.guard, picks, change)
    apply = find_perturbation(cell.operation)
    return changed_by(bench.guard, bench.judge.forward.model, picks, apply)


def _effect(row: Row) -> float:
    return float("inf") if row["loss_delta"] is None else float(row["loss_delta"])
