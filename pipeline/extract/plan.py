"""What would an extraction read, take and hold? Said before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.extract.ledger import Standing, look_up
from pipeline.extract.nulls import list_shapes, missing_nulls
from pipeline.extract.settings import choose_families
from pipeline.layout import Layout, identify
from pipeline.metrics.nulls.by_shape import count_draws
from pipeline.metrics.spectra.singular_values import GRAMS_HELD
from pipeline.metrics.tensor import Family
from pipeline.refs import Checkpoint, CheckpointSource
from pipeline.sources import list_files, open_checkpoint
from pipeline.stages.digests import digest_files
from pipeline.stages.learned import learned_seconds
from pipeline.stages.plan import Plan, PlanStatus
from pipeline.stages.stage import Job
from pipeline.stages.work import AHEAD_BYTES
from pipeline.tables import SPECTRA

# Rough costs on one thread of a current server core, from profiles of the shapes that
# `make bench` extracts: they make the estimate of seconds, nothing else.
_READ_BYTES = 2.5e8
_TENSOR_SECONDS = 0.02
_GRAM_FLOPS = 2.5e10
_EIGEN_FLOPS = 1.2e10
_DRAW_SECONDS = 8e-9
# The program itself with its libraries loaded.
_BASE_BYTES = 250_000_000


def plan_job(job: Job) -> Plan:
    """Compare a checkpoint's files with the warehouse; read headers, and no value."""
    source = job.subject.source
    families = choose_families(job.parameters.families)
    if source.kind == "hub":
        return _plan_hub(source, job, families)
    return _plan_local(source, job, families)


def _plan_local(source: CheckpointSource, job: Job, families: Sequence[Family]) -> Plan:
    files = list_files(source)
    standing = look_up(job.warehouse, source, digest_files(files), families)
    checkpoint = open_checkpoint(source)
    layout = identify(checkpoint.tensors, checkpoint.config)
    n_bytes = sum(t.stored.n_bytes for t in checkpoint.tensors if not t.skip_reason)
    status = _status(standing)
    if status == "unchanged":
        return Plan(source, status, len(checkpoint.tensors), n_bytes, 0, 0, 0.0)
    return Plan(
        source,
        status,
        len(checkpoint.tensors),
        n_bytes,
        n_bytes,
        _peak(checkpoint, layout, job),
        _seconds(checkpoint, layout, job),
    )


def _plan_hub(source: CheckpointSource, job: Job, families: Sequence[Family]) -> Plan:
    files = list_files(source, local_files_only=job.settings.local_files_only)
    standing = look_up(job.warehouse, source, digest_files(files), families)
    n_bytes = sum(file.n_bytes for file in files)
    if standing.is_done:
        return Plan(source, "unchanged", None, n_bytes, 0, 0, 0.0)
    return Plan(source, _status(standing), None, n_bytes, n_bytes)


def _status(standing: Standing) -> PlanStatus:
    if standing.stamp is None:
        return "new"
    if not (standing.is_same_source and standing.is_same_files):
        return "changed"
    return "partial" if standing.missing else "unchanged"


def _peak(checkpoint: Checkpoint, layout: Layout, job: Job) -> int:
    """Tensors in flight, and one Gram matrix in work a thread."""
    half: int = job.settings.memory_bytes // 2
    threads: int = job.settings.threads
    largest = max((t.n_bytes for t in checkpoint.tensors), default=0)
    held = min(half, largest + AHEAD_BYTES, sum(t.n_bytes for t in checkpoint.tensors))
    gram = max(
        (int(GRAMS_HELD * 8 * n_small**2) for _, n_small in _sides(checkpoint, layout)),
        default=0,
    )
    if SPECTRA.name not in job.parameters.families:
        gram = 0
    return _BASE_BYTES + held + min(gram, half // threads) * threads


def _seconds(checkpoint: Checkpoint, layout: Layout, job: Job) -> float:
    """Of measuring; a program's start, and torch's where it is needed, come on top.

    By what checkpoints of about this size have cost here, else by rough costs.
    """
    families = job.parameters.families
    parts = {job.stage.main_part, *families}
    seconds = learned_seconds(job.warehouse, job.stage.name, parts, checkpoint.n_bytes)
    if seconds is None:
        seconds = _guess(checkpoint, layout, families)
    if SPECTRA.name in families:
        shapes = list_shapes(checkpoint.tensors, layout)
        seconds += sum(
            count_draws(shape) * shape[1] ** 2 * _DRAW_SECONDS
            for shape in missing_nulls(job.warehouse, shapes)
        )
    return float(seconds / job.settings.threads)


def _guess(checkpoint: Checkpoint, layout: Layout, families: Sequence[str]) -> float:
    """CPU seconds from sizes alone, for a first checkpoint."""
    seconds = checkpoint.n_bytes / _READ_BYTES
    seconds += len(checkpoint.tensors) * _TENSOR_SECONDS
    if SPECTRA.name in families:
        seconds += sum(
            n_large * n_small**2 / _GRAM_FLOPS + 4 / 3 * n_small**3 / _EIGEN_FLOPS
            for n_large, n_small in _sides(checkpoint, layout)
        )
    return seconds


def _sides(checkpoint: Checkpoint, layout: Layout) -> list[tuple[int, int]]:
    """The larger and smaller side of every matrix."""
    views = (view for tensor in checkpoint.tensors for view in layout.views(tensor))
    return [
        (max(view.n_rows, view.n_cols), min(view.n_rows, view.n_cols)) for view in views
    ]
