"""Do the weights of the largest scores hurt more than others? The stage `perturb`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.analysis.multiplicity import q_values
from pipeline.errors import SourceError, UsageError
from pipeline.perturb.candidates import find_candidates
from pipeline.perturb.changing import OPERATIONS, Guard
from pipeline.perturb.experiment import Bench, Cell, Judge, run_cell
from pipeline.perturb.measure import How, check_metrics, score_weights
from pipeline.perturb.own import PERTURBATIONS as GROUP
from pipeline.perturb.own import find_perturbation, own_names
from pipeline.perturb.run import (
    Ready,
    asked_probe_set,
    make_ready,
    make_texts,
    some_documents,
    threads,
)
from pipeline.perturb.scored import Array, to_numpy
from pipeline.perturb.tops import certain_magnitudes
from pipeline.perturb.weights import Weight, find_weights
from pipeline.probes.capture import Forward, make_forward
from pipeline.probes.load import DType
from pipeline.row import Row
from pipeline.stages.stage import Job, Measured, Stage
from pipeline.tables import PERTURBATIONS

BY_COMPONENT = "components"


@dataclass(frozen=True)
class PerturbParameters:
    """What decides the rows, beside model and probe set; goes into their stamp.

    `selectors` are those of `find_candidates`; `components` stands for one selector per
    component. Weights are chosen on the documents of even number, judged on the odd.
    """

    metric: str = "abs_grad_x_weight"
    operations: tuple[str, ...] = ("sign_flip",)
    scales: tuple[float, ...] = (1.0,)
    ks: tuple[int, ...] = (10, 100)
    selectors: tuple[str, ...] = ("",)
    draws: int = 200
    seeds: int = 5
    seed: int = 0
    probes: int = 32
    fresh: bool = True
    dtype: DType = "float32"
    batch_tokens: int = 2048
    window: int = 0
    stride: int = 0


def measure_perturb(job: Job) -> Measured:
    """Rows of every experiment on one checkpoint.

    Raises SourceError where the model has no loss, or the probe set fewer than two
    documents; UsageError for an operation, metric or selector that is not known.
    """
    asked: PerturbParameters = job.parameters
    _check(asked)
    probe_set = asked_probe_set(job, window=asked.window, stride=asked.stride)
    ready = make_ready(job, probe_set, asked.dtype)
    n = len(ready.tokens.documents)
    if ready.problem or n < 2:
        raise SourceError(
            f"has no loss to judge by ({ready.problem or 'one document alone'})",
            where=str(job.subject.ref),
            fix="Give a model with a head, and two documents or more",
        )
    with threads(job.settings.threads):
        rows = _experiments(ready, asked)
    found = np.array([row["p_value"] for row in rows if row.get("p_value")], float)
    tested = iter(q_values(found, len(found)))
    for row in rows:
        row |= {"probe_set": probe_set.name, "metric": asked.metric.rpartition(":")[2]}
        if row.get("p_value"):
            row["q_value"] = float(next(tested))
    return Measured(
        {PERTURBATIONS.name: rows},
        n_bytes=ready.loaded.checkpoint.n_bytes,
        n_tensors=len(ready.loaded.checkpoint.tensors),
        n_measured=len(ready.weights),
        notes=ready.loaded.notes,
    )


def _experiments(ready: Ready, asked: PerturbParameters) -> list[Row]:
    n = len(ready.tokens.documents)
    odd = ready.examples(
        some_documents(ready.tokens, range(1, n, 2)), asked.batch_tokens, asked.seed
    )
    judge = Judge(ready.forward, odd, n)
    scores = _scores(ready, ready.forward, ready.weights, asked)
    fresh = None
    if asked.fresh:
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(asked.seed)
            made = type(ready.forward.model)(ready.forward.model.config)
        new = make_forward(made.to(ready.forward.device))
        fresh = _scores(ready, new, find_weights(new), asked)
    guard = Guard(ready.weights)
    before = judge.losses()
    stds = {one.path: float(np.std(to_numpy(one.parameter))) for one in ready.weights}
    rows: list[Row] = []
    for selector in _selectors(ready.weights, asked.selectors):
        candidates = find_candidates(ready.weights, selector)
        bench = Bench(
            guard,
            candidates,
            candidates.gather(scores),
            judge,
            before,
            stds,
            None if fresh is None else candidates.gather(fresh),
            asked.seed,
        )
        for operation in asked.operations:
            for scale in asked.scales:
                for k in asked.ks:
                    cell = Cell(operation, scale, k)
                    found = run_cell(bench, cell, draws=asked.draws, seeds=asked.seeds)
                    rows += [{"selector": selector, **row} for row in found]
    guard.verify(ready.weights)
    return rows


def _scores(
    ready: Ready,
    forward: Forward,
    weights: Sequence[Weight],
    asked: PerturbParameters,
) -> dict[str, Array]:
    """|scores| by parameter on the documents of even number; −1 without a rank."""
    from dataclasses import replace

    n = len(ready.tokens.documents)
    even = some_documents(ready.tokens, range(0, n, 2))
    texts = make_texts(
        replace(ready, forward=forward),
        even,
        batch_tokens=asked.batch_tokens,
        seed=asked.seed,
    )
    how = How(asked.probes, seed=asked.seed)
    found: dict[str, Array] = {}
    for one in score_weights(forward, texts, weights, [asked.metric], how=how):
        if one.values is None:
            found[one.weight.path] = np.full(one.weight.n_elements, -1, np.float32)
        else:
            found[one.weight.path] = certain_magnitudes(one)[0].astype(np.float32)
    return found


def _selectors(weights: Sequence[Weight], asked: Sequence[str]) -> list[str]:
    found: list[str] = []
    for selector in asked:
        if selector == BY_COMPONENT:
            names = dict.fromkeys(one.at.component for one in weights)
            found += [f"component={name}" for name in names]
        else:
            found.append(selector)
    return list(dict.fromkeys(found))


def _check(asked: PerturbParameters) -> None:
    check_metrics([asked.metric])
    for name in asked.operations:
        if name not in (*OPERATIONS, *own_names(GROUP)) and ":" not in name:
            raise UsageError(
                f"no operation is called {name!r}",
                fix=f"There are {', '.join(OPERATIONS)}, or FILE.py:NAME of your own",
            )
        if name not in OPERATIONS:
            find_perturbation(name)
    if min(asked.ks, default=0) < 1 or asked.draws < 1 or asked.seeds < 1:
        raise UsageError("k, draws and seeds must be 1 or more", fix="Give 1 or more")
    if not asked.operations or not asked.scales or not asked.selectors:
        raise UsageError("nothing is to be done", fix="Name an operation and a scale")


PERTURB = Stage(
    "perturb",
    1,
    "probe_set",
    (PERTURBATIONS,),
    measure_perturb,
    PerturbParameters(),
)
