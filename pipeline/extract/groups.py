"""The second pass: what needs several tensors at once reads just those once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError, UsageError
from pipeline.extract.group_kinds import KINDS, Held, Kind
from pipeline.extract.measure import TensorRecord
from pipeline.extract.reading import load
from pipeline.layout import Layout
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.tensor import Family, Rows, Tensor
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources import TensorReader, open_reader, read_vocabulary
from pipeline.stages.stage import Job
from pipeline.stages.work import Costs


def measure_groups(
    checkpoint: Checkpoint,
    layout: Layout,
    *,
    families: Sequence[Family],
    records: Sequence[TensorRecord],
    job: Job,
) -> list[TensorRecord]:
    """The records, with the rows of families that take groups put to their tensors.

    Holds at most half of the job's memory in tensors; a group that is larger is
    a row that says so. Raises SourceError when a tensor is not what it was in the
    first pass.
    """
    by_name = {record.tensor.name: record for record in records}
    groups = [
        (family, kind, one)
        for family in families
        if family.takes is not Tensor
        for kind in [_kind_of(family)]
        for one in kind.find(checkpoint, layout, by_name)
    ]
    if not groups:
        return list(records)
    half = job.settings.memory_bytes // 2
    waiting: list[Future[Rows]] = []
    with (
        open_reader(checkpoint) as reader,
        job.workers() as workers,
    ):
        given = _Input(reader, by_name, half)
        vocabulary = cache(partial(read_vocabulary, Path(checkpoint.folder)))
        for family, kind, one in groups:
            tensors = _tensors(kind, one)
            taken = workers.budget.take(sum(tensor.n_bytes for tensor in tensors))
            held = given.read(tensors)
            prepared = kind.prepare(one, held, vocabulary)
            work = workers.submit(_measure, family, prepared, job.costs, taken=taken)
            waiting.append(work)
            del held, prepared
        return _attach(records, (work.result() for work in waiting))


def _kind_of(family: Family) -> Kind:
    kinds = {kind.takes: kind for kind in KINDS}
    if family.takes not in kinds:
        raise UsageError(
            f"the family {family.name} takes what nothing finds: "
            f"{family.takes.__name__}",
            fix=f"There are {', '.join(each.__name__ for each in kinds)}",
        )
    return kinds[family.takes]


def _tensors(kind: Kind, one: Any) -> list[TensorRef]:
    """The group's tensors; a fused one is there once."""
    wanted = (tensor for tensor in kind.tensors(one) if tensor is not None)
    return list({tensor.name: tensor for tensor in wanted}.values())


@dataclass(frozen=True)
class _Input:
    reader: TensorReader
    records: Mapping[str, TensorRecord]
    largest_bytes: int

    def read(self, tensors: Sequence[TensorRef]) -> dict[str, Held]:
        n_bytes = sum(tensor.n_bytes for tensor in tensors)
        held = {}
        for tensor in tensors:
            record = self.records[tensor.name]
            if record.status in ("failed", "skipped", "side"):
                one = Held(record, None, "unreadable", record.reason)
            elif n_bytes > self.largest_bytes:
                reason = f"the group needs {n_bytes} bytes at once: raise --memory"
                one = Held(record, None, "over_budget", reason)
            else:
                one = Held(record, self._load(record))
            held[tensor.name] = one
        return held

    def _load(self, record: TensorRecord) -> TensorValues:
        tensor = record.tensor
        loaded = load(self.reader, tensor, largest_bytes=tensor.n_bytes)
        if loaded.digest != record.digest:
            raise SourceError(
                f"{tensor.name} changed while it was being measured",
                where=tensor.file,
                fix="Wait until whatever writes it has finished, then run again",
            )
        return loaded.values


def _attach(
    records: Sequence[TensorRecord], measured: Iterable[Rows]
) -> list[TensorRecord]:
    """Put each row to the record of the tensor that it names.

    A tensor that could not be read has a row in `tensors` alone.
    """
    rows: dict[str, Rows] = {}
    for of_group in measured:
        for table, of_table in of_group.items():
            for row in of_table:
                rows.setdefault(row["tensor"], {}).setdefault(table, []).append(row)
    return [
        record
        if record.status == "failed"
        else replace(record, rows=record.rows | rows.get(record.tensor.name, {}))
        for record in records
    ]


def _measure(family: Family, given: Any, costs: Costs) -> Rows:
    with costs.of(family.name):
        return family.measure(given)
