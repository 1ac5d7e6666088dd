"""How do records become Arrow tables? With the checkpoint's columns and fixed types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

import pyarrow as pa

from pipeline.extract.measure import TensorRecord
from pipeline.extract.reuse import Reuse
from pipeline.layout import Layout
from pipeline.refs import CheckpointSource, LogEntry, ModelRef
from pipeline.tables import TENSORS, TRAINING_LOG, Table
from pipeline.tables.rows import Row, frame


def measured_frame(
    table: Table,
    source: CheckpointSource,
    records: Sequence[TensorRecord],
    reuse: Reuse,
) -> pa.Table:
    """All rows of a family's table: measured now, and taken from equal tensors."""
    rows = [
        _key(source) | {"tensor": r.tensor.name, "digest": r.digest} | row
        for r in records
        for row in r.rows.get(table.name, ())
    ]
    return pa.concat_tables([frame(table, rows), *reuse.rows(table.name, source)])


def tensors_frame(
    source: CheckpointSource, records: Sequence[TensorRecord], layout: Layout
) -> pa.Table:
    """A row per tensor, measured or not."""
    return frame(TENSORS, (_key(source) | _tensor_row(r, layout) for r in records))


def log_frame(ref: ModelRef, entries: Iterable[LogEntry]) -> pa.Table:
    """What training logged, by the step that it was logged at."""
    key = {"model": ref.model, "revision": ref.revision}
    rows = (
        key | {"step": e.step, "metric": e.metric, "value": e.value} for e in entries
    )
    return frame(TRAINING_LOG, rows)


def _key(source: CheckpointSource) -> Row:
    ref = source.ref
    return {"model": ref.model, "revision": ref.revision, "step": source.step}


def _tensor_row(record: TensorRecord, layout: Layout) -> Row:
    tensor, location = record.tensor.stored, record.location
    codes = record.tensor.quantised
    n_first = tensor.shape[0] if tensor.shape else None
    is_matrix = len(tensor.shape) > 1
    return {
        "tensor": tensor.name,
        "position": record.position,
        "shard": tensor.file,
        "stack": location.stack,
        "layer": location.layer,
        "depth": layout.depth(location),
        "component": location.component,
        "parameter": location.parameter,
        "expert": location.expert,
        "is_buffer": location.is_buffer,
        "is_transposed": location.is_transposed,
        "dtype": tensor.dtype,
        "shape": _sizes(tensor.shape),
        "quantisation": codes.scheme if codes else None,
        "logical_shape": (
            _sizes(record.tensor.shape) if codes and not codes.problem else None
        ),
        "n_rows": n_first,
        "n_cols": prod(tensor.shape[1:]) if is_matrix else None,
        "n_elements": tensor.n_elements,
        "n_bytes": tensor.n_bytes,
        "digest": record.digest,
        "alias_of": record.alias_of,
        "is_tied": record.is_tied,
        "status": record.status,
        "reason": record.reason or None,
    }


def _sizes(shape: Sequence[int]) -> str:
    return "×".join(str(size) for size in shape)
