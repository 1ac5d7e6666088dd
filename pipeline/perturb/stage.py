"""Which weights does the loss depend on? The stage `sensitivity`."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import SourceError, UsageError
from pipeline.perturb.measure import DEFAULT, How, check_metrics, score_weights
from pipeline.perturb.plan import Asked, Needed, needed_for
from pipeline.perturb.reduce import reduce_scores
from pipeline.perturb.run import (
    asked_probe_set,
    make_ready,
    make_texts,
    some_windows,
    threads,
)
from pipeline.probes.load import DType
from pipeline.probes.texts import ProbeSet
from pipeline.stages.plan import Plan
from pipeline.stages.stage import Job, Measured, Stage
from pipeline.stages.standing import find_standing
from pipeline.tables import CRITICAL_WEIGHTS, HEAD_SENSITIVITIES, SENSITIVITIES


@dataclass(frozen=True)
class SensitivityParameters:
    """What decides the rows, beside model and probe set; goes into their stamp.

    `samples` windows are drawn by the seed, 0 takes all. `probes` are Hutchinson's,
    `exact_limit` the weights of a tensor whose exact diagonal is taken at most.
    """

    metrics: tuple[str, ...] = DEFAULT
    topk: int = 100
    head_topk: int = 10
    samples: int = 0
    seed: int = 0
    probes: int = 32
    exact_limit: int = 1024
    dtype: DType = "float32"
    batch_tokens: int = 2048
    window: int = 0
    stride: int = 0


def measure_sensitivity(job: Job) -> Measured:
    """The rows of one checkpoint on one probe set.

    Raises SourceError where the model cannot be made, or needs more memory than the
    settings allow; UsageError for a metric that is not known, or a k below 1.
    """
    asked: SensitivityParameters = job.parameters
    _check(asked)
    probe_set = asked_probe_set(job, window=asked.window, stride=asked.stride)
    memory_bytes = _within_budget(job, probe_set)
    ready = make_ready(job, probe_set, asked.dtype)
    chosen = some_windows(ready.tokens, asked.samples, asked.seed)
    how = How(
        asked.probes,
        asked.exact_limit,
        asked.seed,
        memory_bytes=memory_bytes,
    )
    with threads(job.settings.threads):
        texts = make_texts(
            ready, chosen, batch_tokens=asked.batch_tokens, seed=asked.seed
        )
        scores = score_weights(
            ready.forward, texts, ready.weights, asked.metrics, how=how
        )
        tables = reduce_scores(
            scores, asked.metrics, topk=asked.topk, head_topk=asked.head_topk
        )
    for row in tables[SENSITIVITIES.name]:
        row["probe_set"] = probe_set.name
        row["tokens_digest"] = ready.tokens.digest
        row["seed"], row["n_windows"] = asked.seed, len(chosen.windows)
    n_weights = sum(one.n_elements for one in ready.weights)
    notes = list(ready.loaded.notes)
    if asked.topk > n_weights:
        notes.append(f"topk {asked.topk} is more than the {n_weights} weights: all")
    if ready.problem:
        notes.append(f"no loss ({ready.problem}): metrics of gradients are null")
    checkpoint = ready.loaded.checkpoint
    return Measured(
        tables,
        n_bytes=checkpoint.n_bytes,
        n_tensors=len(checkpoint.tensors),
        n_measured=len(ready.weights),
        notes=tuple(notes),
    )


def _check(asked: SensitivityParameters) -> None:
    check_metrics(asked.metrics)
    for name in ("topk", "head_topk", "probes", "batch_tokens"):
        if getattr(asked, name) < 1:
            raise UsageError(f"{name} is {getattr(asked, name)}", fix="Give 1 or more")


def plan_sensitivity(job: Job) -> Plan:
    """What scoring would take: bytes to read, memory at its peak, time."""
    standing = find_standing(job)
    checkpoint = job.open()
    asked: SensitivityParameters = job.parameters
    _check(asked)
    probe_set = asked_probe_set(job, window=asked.window, stride=asked.stride)
    needed = _needed(job, probe_set)
    is_done = standing == "unchanged"
    # Fewer bytes than all at once are enough: groups of tensors, in several passes.
    peak = max(needed.least, min(needed.most, job.settings.memory_bytes))
    return Plan(
        job.subject.source,
        standing,
        n_tensors=len(checkpoint.tensors),
        n_bytes=checkpoint.n_bytes,
        n_bytes_to_read=0 if is_done else checkpoint.n_bytes,
        peak_memory_bytes=0 if is_done else peak,
        seconds=0.0 if is_done else needed.seconds / job.settings.threads,
        stage=job.stage.name,
        against=job.subject.against,
    )


def _needed(job: Job, probe_set: ProbeSet) -> Needed:
    asked: SensitivityParameters = job.parameters
    costs = Asked(
        asked.metrics, asked.dtype, asked.batch_tokens, asked.probes, asked.samples
    )
    return needed_for(job.open(), probe_set, costs)


def _within_budget(job: Job, probe_set: ProbeSet) -> int:
    """Bytes for the scores of a group; raises SourceError where none would fit."""
    needed, allowed = _needed(job, probe_set), job.settings.memory_bytes
    if needed.least > allowed:
        sizes = [f"{n / 2**20:,.0f} MiB" for n in (needed.least, allowed)]
        raise SourceError(
            f"would take about {sizes[0]} of memory, {sizes[1]} are allowed",
            where=str(job.subject.ref),
            fix="Give --memory, or a smaller --batch-tokens",
        )
    return needed.left_for_scores(allowed)


# The last table stands for all: a reader who finds a run's row finds the others.
SENSITIVITY = Stage(
    "sensitivity",
    1,
    "probe_set",
    (HEAD_SENSITIVITIES, CRITICAL_WEIGHTS, SENSITIVITIES),
    measure_sensitivity,
    SensitivityParameters(),
    plan=plan_sensitivity,
)
