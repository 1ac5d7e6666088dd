"""In which order does a measured checkpoint reach the warehouse?

Families first, then `tensors`, then `checkpoints`: a reader who sees the last sees all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from pipeline.extract.describe import describe_checkpoint
from pipeline.extract.frames import log_frame, measured_frame, tensors_frame
from pipeline.extract.ledger import (
    CHECKPOINT_FAMILY,
    CHECKPOINT_VERSION,
    digest_content,
    layout_key,
)
from pipeline.extract.measure import TensorRecord
from pipeline.extract.reuse import Reuse
from pipeline.layout import Layout
from pipeline.metrics.tensor import Family, Tensor
from pipeline.refs import Checkpoint, ModelRef
from pipeline.stages.stage import Output
from pipeline.stages.write import tool_versions
from pipeline.tables import CHECKPOINTS, TABLES, TENSOR_STATS, TENSORS, TRAINING_LOG
from pipeline.tables.rows import frame
from pipeline.warehouse import Stamp, Warehouse, read_partition


@dataclass(frozen=True)
class Result:
    """A checkpoint, measured: what is to be written."""

    checkpoint: Checkpoint
    layout: Layout
    families: Sequence[Family]
    records: Sequence[TensorRecord]
    reuse: Reuse
    files_digest: str

    def stamp(self, family: str, version: int) -> Stamp:
        digests = ((r.tensor.name, r.digest or "") for r in self.records)
        return Stamp(
            source=self.checkpoint.source.location,
            digest=digest_content(digests),
            files_digest=self.files_digest,
            family=family,
            version=version,
            layout=layout_key(self.layout),
            is_complete=all(r.status != "failed" for r in self.records),
            tools=tool_versions(),
        )


def make_outputs(warehouse: Warehouse, result: Result) -> Iterator[Output]:
    """Every table of the checkpoint, in the order in which they are to be written.

    Each is made when the one before it stands: no two are in memory at a time.
    """
    source = result.checkpoint.source
    for family in result.families:
        stamp = result.stamp(family.name, family.version)
        # Rows of one tensor can be those of an equal one; rows of several are new.
        reuse = result.reuse if family.takes is Tensor else Reuse()
        for table in TABLES:
            if table.name in family.tables:
                rows = measured_frame(table, source, result.records, reuse)
                yield Output(table, rows, stamp, family.name)
    stamp = result.stamp(CHECKPOINT_FAMILY, CHECKPOINT_VERSION)
    rows = tensors_frame(source, result.records, result.layout)
    yield Output(TENSORS, rows, stamp, CHECKPOINT_FAMILY)
    log = result.checkpoint.training_log
    if log:
        rows = log_frame(source.ref, log)
        yield Output(TRAINING_LOG, rows, stamp, CHECKPOINT_FAMILY)
    row = describe_checkpoint(
        result.checkpoint,
        result.layout,
        result.records,
        digest=stamp.digest,
        files_digest=result.files_digest,
    )
    row["has_non_finite"] = _has_non_finite(warehouse, source.ref)
    yield Output(CHECKPOINTS, frame(CHECKPOINTS, [row]), stamp, CHECKPOINT_FAMILY)


def _has_non_finite(warehouse: Warehouse, ref: ModelRef) -> bool | None:
    """Whether the stored statistics count NaN or Inf; None where there are none."""
    columns = ["n_elements", "n_finite"]
    stats = read_partition(warehouse, TENSOR_STATS.name, ref, columns)
    if stats is None or not stats.num_rows:
        return None
    found = pc.any(pc.less(stats["n_finite"], stats["n_elements"])).as_py()
    return bool(found)
