"""From one checkpoint to its partitions: nothing twice, nothing half, nothing lost."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.errors import ConflictError, SourceError
from pipeline.extract.groups import measure_groups
from pipeline.extract.ledger import (
    CHECKPOINT_FAMILY,
    CHECKPOINT_VERSION,
    Standing,
    digest_content,
    has_rows,
    layout_key,
    look_up,
)
from pipeline.extract.measure import (
    Measures,
    TensorRecord,
    hash_tensors,
    measure_tensors,
)
from pipeline.extract.nulls import find_nulls, list_shapes
from pipeline.extract.reuse import Reuse
from pipeline.extract.settings import choose_families
from pipeline.extract.training import update_series_log
from pipeline.extract.write import Result, make_outputs
from pipeline.layout import Layout, identify
from pipeline.metrics.nulls.by_shape import Nulls
from pipeline.metrics.registry import list_families
from pipeline.metrics.tensor import Family, Tensor
from pipeline.refs import Checkpoint
from pipeline.sources import list_files
from pipeline.stages.digests import digest_files
from pipeline.stages.stage import Job, Measured


def measure_checkpoint(job: Job) -> Measured:
    """What is new of a checkpoint.

    The row of `checkpoints` is written last: without it, or where a stamp does not fit,
    what an interrupted run left is done again.
    """
    source, settings = job.subject.source, job.settings
    update_series_log(source, job.warehouse)
    families = choose_families(job.parameters.families)
    files = list_files(source, local_files_only=settings.local_files_only)
    files_digest = digest_files(files)
    standing = look_up(job.warehouse, source, files_digest, families)
    if standing.is_done and not settings.verify and not settings.replace:
        return Measured(is_unchanged=True)
    checkpoint = job.open()
    layout = identify(checkpoint.tensors, checkpoint.config)
    is_new = standing.stamp is None or settings.replace
    if is_new:
        records, reuse = _measure(job, checkpoint, layout, families)
    else:
        hashed = hash_tensors(checkpoint, layout, job)
        todo = _compare(job, standing, hashed, layout)
        if not todo and standing.is_same_files and standing.is_same_source:
            return Measured(is_unchanged=True)
        families = tuple(todo)
        records, reuse = hashed, Reuse()
        if todo:
            records, reuse = _measure(job, checkpoint, layout, families)
    result = Result(checkpoint, layout, families, records, reuse, files_digest)
    return _measured(job, result, is_new=is_new)


def _measure(
    job: Job, checkpoint: Checkpoint, layout: Layout, families: Sequence[Family]
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
        checkpoint, layout, measures=measures, reuse=reuse, job=job
    )
    return measure_groups(
        checkpoint, layout, families=families, records=records, job=job
    ), reuse


def _compare(
    job: Job, standing: Standing, hashed: Sequence[TensorRecord], layout: Layout
) -> Sequence[Family]:
    """Families to measure, now that the content is known beside what is stored.

    Raises ConflictError when another source stands under the same name.
    """
    stamp, source = standing.stamp, job.subject.source
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
    chosen = job.parameters.families
    return [
        family
        for family in list_families()
        if family.name in chosen or has_rows(job.warehouse, source.ref, family)
    ]


def _renew(job: Job, standing: Standing) -> Sequence[Family]:
    """What is missing, and families of groups: their config may say otherwise now."""
    return [
        family
        for family in choose_families(job.parameters.families)
        if family in standing.missing or family.takes is not Tensor
    ]


def _measured(job: Job, result: Result, *, is_new: bool) -> Measured:
    records = result.records
    n_reused = sum(record.is_reused for record in records)
    n_measured = sum(bool(record.rows) for record in records)
    versions = {CHECKPOINT_FAMILY: CHECKPOINT_VERSION}
    versions |= {family.name: family.version for family in result.families}
    return Measured(
        outputs=make_outputs(job.warehouse, result),
        n_bytes=sum(r.tensor.stored.n_bytes for r in records if r.digest),
        n_tensors=len(records),
        n_measured=n_measured,
        n_reused=n_reused,
        # Folders left aside are reported once for a whole search, measured or not.
        notes=result.checkpoint.notes,
        versions=versions,
        is_unchanged=not (is_new or n_reused + n_measured),
        problem=_problem(records),
    )


def _problem(records: Sequence[TensorRecord]) -> str:
    failed = [record for record in records if record.status == "failed"]
    if not failed:
        return ""
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return str(SourceError(f"{failed[0].reason}{more}", where=failed[0].tensor.name))
