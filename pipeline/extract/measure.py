"""The pass over a checkpoint: read ahead, measure behind, one record per tensor."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline.components import load_components
from pipeline.errors import SourceError
from pipeline.extract.reading import load
from pipeline.extract.reuse import Reuse
from pipeline.layout import Layout, Location, find_attached
from pipeline.metrics.arrays.decode import is_measurable
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.nulls.by_shape import Nulls
from pipeline.metrics.spectra.device import open_solver
from pipeline.metrics.spectra.singular_values import Solve
from pipeline.metrics.tensor import Family, Rows, Tensor
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources import TensorReader, open_reader
from pipeline.stages.stage import Job
from pipeline.stages.work import AHEAD_BYTES, Costs

Status = Literal["ok", "aliased", "side", "skipped", "failed"]


@dataclass(frozen=True)
class TensorRecord:
    """What became of one tensor; `rows` are by table, empty unless it was measured."""

    tensor: TensorRef
    position: int
    location: Location
    status: Status
    reason: str = ""
    digest: str | None = None
    alias_of: str | None = None
    is_tied: bool = False
    is_reused: bool = False
    rows: Rows = field(default_factory=dict)


@dataclass(frozen=True)
class Measures:
    """What is measured of each tensor, and the nulls that it is compared with."""

    families: Sequence[Family] = ()
    nulls: Nulls = field(default_factory=dict)


def hash_tensors(
    checkpoint: Checkpoint, layout: Layout, job: Job
) -> list[TensorRecord]:
    """Read and hash every tensor, and measure none."""
    return measure_tensors(
        checkpoint, layout, measures=Measures(), reuse=Reuse(), job=job
    )


def measure_tensors(
    checkpoint: Checkpoint,
    layout: Layout,
    *,
    measures: Measures,
    reuse: Reuse,
    job: Job,
) -> list[TensorRecord]:
    """One record per tensor, in file order; none is left out.

    The largest are read first: no thread is left alone with an embedding at the end.
    Among equals the order is the file's, so an alias names the first of them.

    Holds at most the job's memory: half for tensors, half for matrices in work.
    A tensor that cannot be read is a record with status failed.
    """
    half = job.settings.memory_bytes // 2
    remarks = find_attached(checkpoint.tensors)
    largest = max((tensor.n_bytes for tensor in checkpoint.tensors), default=0)
    originals: dict[str, TensorRecord] = {}
    records: dict[int, TensorRecord] = {}
    waiting: list[tuple[int, Future[Rows]]] = []
    with (
        open_reader(checkpoint) as reader,
        job.workers(ahead=largest + AHEAD_BYTES) as workers,
    ):
        solve = open_solver(job.settings.device)
        for position in _largest_first(checkpoint.tensors):
            tensor = checkpoint.tensors[position]
            location = layout.locate(tensor.name, tensor.shape)
            remark = remarks.get(tensor.name, "")
            record = TensorRecord(tensor, position, location, "ok", remark)
            taken = workers.budget.take(tensor.n_bytes)
            record, values = _read(reader, record, originals, half)
            job.progress(tensor.stored.n_bytes)
            wanted = values is not None and measures.families
            if wanted and record.digest and _is_known(reuse, record, layout):
                record, wanted = replace(record, is_reused=True), False
            if wanted and values is not None:
                share = half // job.settings.threads
                given = _prepare(
                    values, tensor, layout, memory_bytes=share, solve=solve
                )
                given = replace(given, nulls=measures.nulls)
                work = workers.submit(
                    _measure, given, measures.families, job.costs, taken=taken
                )
                waiting.append((position, work))
            else:
                workers.budget.give_back(taken)
            records[position] = record
            del values
        for position, work in waiting:
            records[position] = replace(records[position], rows=work.result())
    return [records[position] for position in sorted(records)]


def _largest_first(tensors: Sequence[TensorRef]) -> list[int]:
    return sorted(range(len(tensors)), key=lambda place: -tensors[place].n_bytes)


def _read(
    reader: TensorReader,
    record: TensorRecord,
    originals: dict[str, TensorRecord],
    largest_bytes: int,
) -> tuple[TensorRecord, TensorValues | None]:
    """The record as it stands after reading, and values if they may be measured."""
    tensor = record.tensor
    if tensor.skip_reason:
        status: Status = "side" if tensor.is_side else "skipped"
        return replace(record, status=status, reason=tensor.skip_reason), None
    try:
        loaded = load(reader, tensor, largest_bytes=largest_bytes)
    except SourceError as error:
        return replace(record, status="failed", reason=str(error)), None
    record = replace(record, digest=loaded.digest)
    if not is_measurable(tensor.dtype):
        reason = f"no statistics are defined for dtype {tensor.dtype}"
        return replace(record, status="skipped", reason=reason), None
    original = originals.setdefault(loaded.digest, record)
    if original is record:
        return record, loaded.values
    alias = original.tensor.name
    is_tied = _is_tied(record, original)
    return replace(record, status="aliased", alias_of=alias, is_tied=is_tied), None


def _is_tied(record: TensorRecord, original: TensorRecord) -> bool:
    """One parameter under two names, as against two that happen to be equal."""
    if record.tensor.shared_with:
        return True
    pair = (record.location.component, original.location.component)
    hold_tokens = all(load_components()[component].tokens for component in pair)
    return hold_tokens and record.tensor.n_elements > 1


def _is_known(reuse: Reuse, record: TensorRecord, layout: Layout) -> bool:
    views = [view.view for view in layout.views(record.tensor)]
    return reuse.claim(record.tensor.name, record.digest or "", views)


def _prepare(
    values: TensorValues,
    tensor: TensorRef,
    layout: Layout,
    *,
    memory_bytes: int,
    solve: Solve,
) -> Tensor:
    views = layout.views(tensor)
    reason = "" if views else layout.no_view_reason(tensor)
    return Tensor(values, views, reason, memory_bytes, solve)


def _measure(tensor: Tensor, families: Sequence[Family], costs: Costs) -> Rows:
    rows: Rows = {}
    for family in families:
        with costs.of(family.name):
            rows |= family.measure(tensor)
    return rows
