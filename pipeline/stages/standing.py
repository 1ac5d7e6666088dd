"""Is a subject done, and still true? The stamps of its tables say."""

from __future__ import annotations

import xxhash

from pipeline.stages.digests import digest_subject
from pipeline.stages.stage import Job, Standing
from pipeline.tables import Table
from pipeline.warehouse import Stamp, read_named_stamp, read_stamp


def find_standing(job: Job) -> Standing:
    """Compare the subject, as its files are listed now, with what is stored."""
    if job.stage.standing is not None:
        return job.stage.standing(job)
    wanted = expected_stamp(job)
    stamps = [_read(job, table) for table in job.stage.tables]
    if all(stamp is None for stamp in stamps):
        return "new"
    if all(stamp is not None and _is_true(stamp, wanted) for stamp in stamps):
        return "unchanged"
    return "changed"


def expected_stamp(job: Job) -> Stamp:
    """What the subject's rows depend on: content, definitions and parameters."""
    subject = job.subject
    named = (subject.base, subject.source) if subject.base else (subject.source,)
    digest = digest_subject(job.subject, local_files_only=job.settings.local_files_only)
    return Stamp(
        source=" → ".join(source.location for source in named),
        digest=digest,
        files_digest=digest.rpartition(" → ")[2],
        family=job.stage.name,
        version=job.stage.version,
        parameters=job.parameters_json,
    )


def file_name(job: Job, table: Table) -> str | None:
    """The file of a partition that holds the subject's rows; None for its only one."""
    parts = []
    if job.subject.base is not None:
        old = str(job.subject.base.ref)
        parts.append(f"from-{xxhash.xxh3_64_hexdigest(old.encode())}")
    if table.has_sets:
        parts.append(job.parameter_set)
    if not parts:
        return None
    # Of a pair the name stands alone, as it always has.
    return ".".join(parts if job.subject.base else (table.name, *parts))


def _read(job: Job, table: Table) -> Stamp | None:
    name = file_name(job, table)
    if name is None:
        return read_stamp(job.warehouse, table.name, job.subject.ref)
    return read_named_stamp(job.warehouse, table, job.subject.ref, name)


def _is_true(stamp: Stamp, wanted: Stamp) -> bool:
    return stamp.is_complete and (
        (stamp.source, stamp.digest, stamp.family, stamp.version, stamp.parameters)
        == (
            wanted.source,
            wanted.digest,
            wanted.family,
            wanted.version,
            wanted.parameters,
        )
    )
