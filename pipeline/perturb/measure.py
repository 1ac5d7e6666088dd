"""Which metrics of sensitivity are there, and what does each say of every weight?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xxhash

from pipeline.errors import UsageError
from pipeline.perturb.curvature import (
    EXACT,
    HUTCHINSON,
    OBD,
    Probing,
    exact_scores,
    hutchinson_scores,
)
from pipeline.perturb.gradients import (
    ABSOLUTE,
    FISHER,
    SIGNED,
    fisher_scores,
    gradient_scores,
)
from pipeline.perturb.inputs import OBS, WANDA, input_scores
from pipeline.perturb.losses import Example
from pipeline.perturb.own import find_own, own_names, own_scores
from pipeline.perturb.scored import Scored, Status, scored, to_numpy
from pipeline.perturb.weights import Weight, in_groups
from pipeline.probes.capture import Forward

MAGNITUDE, RANDOM, SNIP = "magnitude", "random", "snip"
DEFAULT = (MAGNITUDE, SIGNED, ABSOLUTE, SNIP, FISHER, HUTCHINSON, OBD, WANDA, RANDOM)
BUILT_IN = (*DEFAULT, EXACT, OBS)
_BY_GRADIENT = frozenset({SIGNED, ABSOLUTE, SNIP, FISHER, HUTCHINSON, OBD, EXACT})
# Bytes per weight beside the model that a pass holds: sums, gradients, products, signs.
_HELD = {SIGNED: 8, FISHER: 8, HUTCHINSON: 25, EXACT: 8, WANDA: 0}
_TOGETHER = (
    (SIGNED, ABSOLUTE, SNIP),
    (FISHER,),
    (HUTCHINSON, OBD),
    (EXACT,),
    (WANDA, OBS),
)


@dataclass(frozen=True)
class Texts:
    """What the model is run on: in batches, in smaller ones, and window by window.

    `problem` says why there is no loss, where there is none.
    """

    batches: Sequence[Example]
    small: Sequence[Example]
    samples: Sequence[Example]
    problem: str = ""


@dataclass(frozen=True)
class How:
    """How scores are taken: beside what every metric's definition says."""

    probes: int = 32
    exact_limit: int = 1024
    seed: int = 0
    chunk: int = 1024
    memory_bytes: int = 1 << 30


def pass_costs(metrics: Sequence[str], probes: int) -> tuple[int, float]:
    """Bytes per weight of the widest pass, and how many forward passes all take."""
    costs = {SIGNED: 3.0, FISHER: 4.0, HUTCHINSON: 8.0 * probes, EXACT: 50.0}
    asked = [names[0] for names in _TOGETHER if set(names) & set(metrics)]
    held = max((_HELD[name] for name in asked), default=0)
    own = sum(3.0 for name in metrics if name not in BUILT_IN)
    return held, own + sum(costs.get(name, 1.2) for name in asked)


def check_metrics(metrics: Sequence[str]) -> None:
    """Raise UsageError for a metric that nobody defines, and for none at all."""
    known = (*BUILT_IN, *own_names())
    for name in metrics:
        if name not in known and ":" not in name:
            raise UsageError(
                f"no sensitivity metric is called {name!r}",
                fix=f"There are {', '.join(known)}, or FILE.py:FUNCTION of your own",
            )
        if name not in BUILT_IN:
            find_own(name)
    if not metrics:
        raise UsageError("no sensitivity metric is named", fix="Name one or more")


def score_weights(
    forward: Forward,
    texts: Texts,
    weights: Sequence[Weight],
    metrics: Sequence[str],
    *,
    how: How,
) -> Iterator[Scored]:
    """Scores of every weight under every metric, one tensor at a time.

    Metrics that need the same pass share it, group by group of weights as memory
    allows. SNIP is |g·w| over its sum over all weights: whoever reduces the scores of
    `abs_grad_x_weight` divides.
    """
    asked = list(dict.fromkeys(ABSOLUTE if m == SNIP else m for m in metrics))
    able: list[Weight] = []
    for one in weights:
        problem = _problem(one, texts)
        yield from _without_texts(one, asked, how.seed)
        if problem is None:
            able.append(one)
        else:
            lost = [metric for metric in asked if metric in _BY_GRADIENT]
            yield from (Scored(one, metric, None, problem) for metric in lost)
    for wanted, bytes_each, run in _passes(forward, texts, how):
        here = [metric for metric in asked if metric in wanted]
        scorable = weights if WANDA in wanted else able
        groups = in_groups(
            scorable if here else (), bytes_each=bytes_each, budget=how.memory_bytes
        )
        for group in groups:
            yield from run(group, here)
    for metric in asked:
        if metric not in BUILT_IN:
            yield from own_scores(forward, texts.batches, weights, metric)


def _without_texts(
    weight: Weight, metrics: Sequence[str], seed: int
) -> Iterator[Scored]:
    if MAGNITUDE in metrics:
        yield scored(weight, MAGNITUDE, np.abs(to_numpy(weight.parameter)))
    if RANDOM in metrics:
        yield scored(weight, RANDOM, _random(weight, seed))


_Run = Callable[[Sequence[Weight], Sequence[str]], Iterator[Scored]]


def _passes(
    forward: Forward, texts: Texts, how: How
) -> list[tuple[tuple[str, ...], int, _Run]]:
    """Which metrics one pass gives, bytes per weight that it holds, and the pass."""
    chunk, limit = how.chunk, how.exact_limit

    def gradients(group: Sequence[Weight], metrics: Sequence[str]) -> Iterator[Scored]:
        return gradient_scores(forward, texts.batches, group, metrics, chunk=chunk)

    def fisher(group: Sequence[Weight], _: Sequence[str]) -> Iterator[Scored]:
        return fisher_scores(forward, texts.samples, group, chunk=chunk)

    def curvature(group: Sequence[Weight], metrics: Sequence[str]) -> Iterator[Scored]:
        probing = Probing(how.probes, how.seed, chunk)
        return hutchinson_scores(
            forward, texts.small, group, metrics=metrics, probing=probing
        )

    def exact(group: Sequence[Weight], _: Sequence[str]) -> Iterator[Scored]:
        return exact_scores(forward, texts.small, group, limit=limit, chunk=chunk)

    def inputs(group: Sequence[Weight], metrics: Sequence[str]) -> Iterator[Scored]:
        return input_scores(forward, texts.batches, group, metrics)

    return [
        ((SIGNED, ABSOLUTE), _HELD[SIGNED], gradients),
        ((FISHER,), _HELD[FISHER], fisher),
        ((HUTCHINSON, OBD), _HELD[HUTCHINSON], curvature),
        ((EXACT,), _HELD[EXACT], exact),
        ((WANDA, OBS), _HELD[WANDA], inputs),
    ]


def _problem(weight: Weight, texts: Texts) -> Status | None:
    return weight.problem or texts.problem or None  # type: ignore[return-value]


def _random(weight: Weight, seed: int) -> np.ndarray:
    """Uniform in [0, 1), by seed and name: the control that knows nothing."""
    drawn = np.random.default_rng(
        [seed, xxhash.xxh3_64_intdigest(weight.tensor.encode())]
    )
    return drawn.random(tuple(weight.parameter.shape), dtype=np.float32)
