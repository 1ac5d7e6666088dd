"""What of a checkpoint is already done? The warehouse's own stamps say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import xxhash

from pipeline.layout import Layout
from pipeline.metrics.tensor import Family
from pipeline.refs import CheckpointSource, ModelRef
from pipeline.tables import CHECKPOINTS
from pipeline.warehouse import Stamp, Warehouse, read_stamp

# The family that headers, locations and digests belong to; a change of layouts or of
# the columns of `tensors` and `checkpoints` raises it.
CHECKPOINT_FAMILY = "checkpoint"
CHECKPOINT_VERSION = 4


@dataclass(frozen=True)
class Standing:
    """What the warehouse knows of a source: its stamp, and families still to do.

    `is_same_files`: the files are listed as they were when it was measured.
    """

    stamp: Stamp | None
    is_same_source: bool
    is_same_files: bool
    missing: tuple[Family, ...]

    @property
    def is_done(self) -> bool:
        return self.is_same_source and self.is_same_files and not self.missing


def look_up(
    warehouse: Warehouse,
    source: CheckpointSource,
    files_digest: str,
    families: Sequence[Family],
) -> Standing:
    """Compare a source, as its files are listed now, with the warehouse."""
    stamp = read_stamp(warehouse, CHECKPOINTS.name, source.ref)
    if stamp is None:
        return Standing(None, False, False, tuple(families))
    is_current = stamp.version == CHECKPOINT_VERSION and stamp.is_complete
    missing = tuple(
        family
        for family in families
        if not is_done(warehouse, source.ref, family, stamp.digest)
    )
    return Standing(
        stamp,
        is_same_source=stamp.source == source.location,
        is_same_files=is_current and stamp.files_digest == files_digest,
        missing=missing,
    )


def is_done(warehouse: Warehouse, ref: ModelRef, family: Family, digest: str) -> bool:
    """Whether all tables of a family hold this content by today's definitions."""
    stamps = (read_stamp(warehouse, table, ref) for table in family.tables)
    return all(
        stamp is not None
        and stamp.digest == digest
        and stamp.version == family.version
        and stamp.is_complete
        for stamp in stamps
    )


def layout_key(layout: Layout) -> str:
    """What decides how tensors are seen as matrices, beside their own shapes."""
    heads = f"{layout.n_heads}/{layout.n_kv_heads}"
    return f"{layout.family} heads={heads} hidden={layout.hidden_size}"


def has_rows(warehouse: Warehouse, ref: ModelRef, family: Family) -> bool:
    """Whether any table of a family holds a partition, true or not."""
    return any(read_stamp(warehouse, table, ref) for table in family.tables)


def digest_content(digests: Iterable[tuple[str, str]]) -> str:
    """xxh3-128 over (tensor, digest) pairs, in order of the names.

    Never over the file: writers order metadata and tensors as they please.
    """
    lines = sorted(f"{name}\0{digest}" for name, digest in digests)
    return xxhash.xxh3_128_hexdigest("\n".join(lines).encode())
