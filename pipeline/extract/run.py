"""From one checkpoint to its partitions: nothing twice, nothing half, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.errors import ConflictError, SourceError, WeightlakeError
from pipeline.extract.groups import measure_groups
from pipeline.extract.ledger import (
    Standing,
    digest_content,
    has_rows,
    layout_key,
    look_up,
)
from pipeline.extract.log import log_extraction, log_failure
from pipeline.extract.measure import (
    Measures,
    Progress,
    TensorRecord,
    hash_tensors,
    measure_tensors,
)
from pipeline.extract.nulls import find_nulls, list_shapes
from pipeline.extract.reuse import Reuse
from pipeline.extract.settings import Settings
from pipeline.extract.training import update_series_log
from pipeline.extract.write import Result, write_result
from pipeline.layout import Layout, identify
from pipeline.metrics.nulls.by_shape import Nulls
from pipeline.metrics.registry import list_families
from pipeline.metrics.tensor import Family, Tensor
from pipeline.refs import Checkpoint, CheckpointSource
from pipeline.sources import list_files, open_checkpoint
from pipeline.stages.digests import digest_files
from pipeline.stages.outcome import Outcome
from pipeline.warehouse import Warehouse


def extract_checkpoint(
    source: CheckpointSource,
    warehouse: Warehouse,
    settings: Settings,
    *,
    progress: Progress | None = None,
) -> Outcome:
    """Measure what is new of a checkpoint and write it; `progress` is told of bytes.

    Bad input does not raise: the outcome says failed, and so does a row of
    `extractions`. The row of `checkpoints` is written last: without it, or where a
    stamp does not fit, what an interrupted run left is done again.
    """
    job = _Job(source, warehouse, settings, progress or _ignore, time.monotonic())
    started = datetime.now(UTC)
    try:
        update_series_log(source, warehouse)
        outcome, result = _extract(job)
    except WeightlakeError as error:
        outcome, result = job.fail(error), None
    if outcome.status == "failed":
        log_failure(warehouse, settings.run, outcome, started)
    elif outcome.status == "measured" and result:
        log_extraction(warehouse, settings.run, outcome, result, started)
    return outcome


@dataclass(frozen=True)
class _Job:
    source: CheckpointSource
    warehouse: Warehouse
    settings: Settings
    progress: Progress
    began: float

    def fail(self, error: WeightlakeError) -> Outcome:
        return Outcome(
            self.source,
            "failed",
            time.monotonic() - self.began,
            error=str(error),
            may_pass=isinstance(error, SourceError) and error.may_pass,
        )

    def unchanged(self) -> Outcome:
        return Outcome(self.source, "unchanged", time.monotonic() - self.began)


def _extract(job: _Job) -> tuple[Outcome, Result | None]:
    source, settings = job.source, job.settings
    families = settings.chosen_families()
    files = list_files(source, local_files_only=settings.local_files_only)
    files_digest = digest_files(files)
    standing = look_up(job.warehouse, source, files_digest, families)
    if standing.is_done and not settings.verify and not settings.replace:
        return job.unchanged(), None
    checkpoint = open_checkpoint(source, local_files_only=settings.local_files_only)
    layout = identify(checkpoint.tensors, checkpoint.config)
    is_new = standing.stamp is None or settings.replace
    if is_new:
        records, reuse = _measure(job, checkpoint, layout, families)
    else:
        hashed = hash_tensors(checkpoint, layout, settings, job.progress)
        todo = _compare(job, standing, hashed, layout)
        if not todo and standing.is_same_files and standing.is_same_source:
            return job.unchanged(), None
        families = tuple(todo)
        records, reuse = hashed, Reuse()
        if todo:
            records, reuse = _measure(job, checkpoint, layout, families)
    result = Result(checkpoint, layout, families, records, reuse, files_digest)
    write_result(job.warehouse, result)
    return _outcome(job, result, is_new=is_new), result


def _measure(
    job: _Job, checkpoint: Checkpoint, layout: Layout, families: Sequence[Family]
) -> tuple[list[TensorRecord], Reuse]:
    of_tensors = tuple(family for family in families if family.takes is Tensor)
    warehouse = None if job.settings.replace else job.warehouse
    reuse = Reuse(warehouse, of_tensors, layout_key(layout))
    nulls: Nulls = {}
    if any(family.uses_nulls for family in of_tensors):
        shapes = list_shapes(checkpoint.tensors, layout)
        nulls = find_nulls(job.warehouse, shapes, threads=job.settings.threads)
    measures = Measures(of_tensors, nulls)
    records = measure_tensors(
        checkpoint, layout, measures, job.settings, reuse, job.progress
    )
    return measure_groups(checkpoint, layout, families, job.settings, records), reuse


def _compare(
    job: _Job, standing: Standing, hashed: Sequence[TensorRecord], layout: Layout
) -> Sequence[Family]:
    """Families to measure, now that the content is known beside what is stored.

    Raises ConflictError when another source stands under the same name.
    """
    stamp, source = standing.stamp, job.source
    assert stamp is not None, "only a stored checkpoint can be compared"  # noqa: S101
    digest = digest_content((r.tensor.name, r.digest or "") for r in hashed)
    is_same_content = digest == stamp.digest
    if is_same_content and stamp.layout == layout_key(layout):
        return standing.missing if standing.is_same_files else _renew(job, standing)
    if not is_same_content and not standing.is_same_source:
        raise ConflictError(
            f"is {stamp.source} in the warehouse, and {source.location} differs",
            where=str(source.ref),
            fix="Give one another --model or --revision, or mean it with --replace",
        )
    # Changed in place, or to be seen otherwise: no family's rows are true any more.
    chosen = {family.name for family in job.settings.chosen_families()}
    return [
        family
        for family in list_families()
        if family.name in chosen or has_rows(job.warehouse, source.ref, family)
    ]


def _renew(job: _Job, standing: Standing) -> Sequence[Family]:
    """What is missing, and families of groups: their config may say otherwise now."""
    return [
        family
        for family in job.settings.chosen_families()
        if family in standing.missing or family.takes is not Tensor
    ]


def _outcome(job: _Job, result: Result, *, is_new: bool) -> Outcome:
    records = result.records
    failed = [record for record in records if record.status == "failed"]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        first = failed[0]
        return job.fail(SourceError(f"{first.reason}{more}", where=first.tensor.name))
    n_reused = sum(record.is_reused for record in records)
    n_measured = sum(bool(record.rows) for record in records)
    return Outcome(
        job.source,
        "measured" if is_new or n_reused + n_measured else "unchanged",
        time.monotonic() - job.began,
        sum(record.tensor.stored.n_bytes for record in records if record.digest),
        len(records),
        n_measured,
        n_reused,
        # Folders left aside are reported once for a whole search, measured or not.
        result.checkpoint.notes,
    )


def _ignore(_n_bytes: int) -> None:
    """Progress that nobody watches."""
