"""How well does a checkpoint do a task? The stage `evaluate`: loaded and scored."""

from __future__ import annotations

from pipeline.errors import SourceError
from pipeline.layout import identify
from pipeline.probes.load import load_model
from pipeline.probes.stage import device_of, torch_threads
from pipeline.refs import Checkpoint
from pipeline.stages.plan import Plan
from pipeline.stages.stage import Job, Measured, Stage
from pipeline.stages.standing import find_standing
from pipeline.tables import TASK_ITEMS, TASK_SCORES
from pipeline.tasks.evaluate import Evaluated, EvaluateParameters, evaluate
from pipeline.tasks.items import TaskSet
from pipeline.tasks.rows import score_rows
from pipeline.tasks.sets import read_task

# Operations per second of one thread; as in pipeline.probes.estimate.
_FLOPS = 2.5e10
_WIDTHS = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
_BYTES_PER_TOKEN = 4
_POSITIONS, _USUAL_POSITIONS = ("max_position_embeddings", "n_positions"), 2048


def measure_task(job: Job) -> Measured:
    """The rows of one checkpoint on one task.

    Raises SourceError where the model cannot be made or run, or the task has changed
    since it was named. A model without a head gets its status, and is no failure.
    """
    parameters: EvaluateParameters = job.parameters
    task = _asked(job).first(parameters.limit)
    _refuse_over_budget(job, task)
    loaded = load_model(
        job.subject.source,
        dtype=parameters.dtype,
        device=device_of(job),
        local_files_only=job.settings.local_files_only,
    )
    with torch_threads(job.settings.threads):
        done = evaluate(loaded, task, parameters, progress=job.progress)
    scores = score_rows(task, done.items, status=done.status)
    named = {"task": task.name, "kind": task.kind, "scoring": done.scoring}
    return Measured(
        {
            TASK_ITEMS.name: [named | row for row in done.items],
            TASK_SCORES.name: [named | done.facts | row for row in scores],
        },
        n_bytes=loaded.checkpoint.n_bytes,
        n_tensors=len(loaded.checkpoint.tensors),
        n_measured=len(done.items),
        notes=(*loaded.notes, *_notes(done)),
    )


def plan_task(job: Job) -> Plan:
    """What the run would take: bytes to read, memory at its peak, time."""
    standing = find_standing(job)
    checkpoint = job.open()
    task = _asked(job).first(job.parameters.limit)
    memory, seconds = _estimate(checkpoint, task, job.parameters)
    is_done = standing == "unchanged"
    return Plan(
        job.subject.source,
        standing,
        n_tensors=len(checkpoint.tensors),
        n_bytes=checkpoint.n_bytes,
        n_bytes_to_read=0 if is_done else checkpoint.n_bytes,
        peak_memory_bytes=0 if is_done else memory,
        seconds=0.0 if is_done else seconds / job.settings.threads,
        stage=job.stage.name,
        against=job.subject.against,
    )


# The last table stands for all: a reader who finds the scores finds the items.
EVALUATE = Stage(
    "evaluate",
    1,
    "task",
    (TASK_ITEMS, TASK_SCORES),
    measure_task,
    EvaluateParameters(),
    plan=plan_task,
)


def _asked(job: Job) -> TaskSet:
    beside = job.subject.beside
    if beside is None:
        raise SourceError(
            "no task is named", where=str(job.subject.ref), fix="Name one"
        )
    task = read_task(beside.location)
    if task.digest != beside.digest:
        raise SourceError(
            "the task has changed since the run began",
            where=beside.location,
            fix="Run it again",
        )
    return task


def _notes(done: Evaluated) -> tuple[str, ...]:
    if done.status == "no_head":
        return ("has no head that predicts tokens: no task can be asked",)
    if done.status == "no_mask":
        return ("is an encoder, and its tokenizer has no mask token",)
    left = sum(row["status"] != "ok" for row in done.items)
    return (f"{left} items have no score: see their status",) if left else ()


def _refuse_over_budget(job: Job, task: TaskSet) -> None:
    needed, _ = _estimate(job.open(), task, job.parameters)
    if needed > job.settings.memory_bytes:
        sizes = (needed / 2**20, job.settings.memory_bytes / 2**20)
        raise SourceError(
            "would take about {:,.0f} MiB of memory, {:,.0f} are allowed".format(
                *sizes
            ),
            where=str(job.subject.ref),
            fix="Give --memory, or a smaller --batch",
        )


def _estimate(
    checkpoint: Checkpoint, task: TaskSet, parameters: EvaluateParameters
) -> tuple[int, float]:
    """Bytes at the peak beside the program, and seconds of one thread.

    Weights twice while they are loaded, a batch's widest activations, and the logits of
    a chunk three times. Each choice is run with its context.
    """
    layout = identify(checkpoint.tensors, checkpoint.config)
    d, vocabulary = layout.hidden_size or 1024, layout.vocabulary_size or 50_000
    tensors = [one for one in checkpoint.tensors if not one.skip_reason]
    n_weights = sum(one.n_elements for one in tensors)
    largest = max((one.n_elements for one in tensors), default=0)
    lengths = [
        -(-len((item.context + choice).encode()) // _BYTES_PER_TOKEN)
        for item in task.items
        for choice in item.choices
    ]
    stated = (checkpoint.config.get(name) for name in _POSITIONS)
    bound = next((int(one) for one in stated if one), _USUAL_POSITIONS)
    longest = min(max(lengths, default=1), bound)
    wide = 12 * parameters.batch * longest * 4 * d * 4
    logits = 3 * parameters.head_chunk * vocabulary * 4
    weights = n_weights * (_WIDTHS[parameters.dtype] + 4) + largest * 8
    return weights + wide + logits, 2.0 * n_weights * sum(lengths) / _FLOPS
