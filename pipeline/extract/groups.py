"""The second pass: what needs several tensors at once reads just those once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from pipeline.errors import SourceError
from pipeline.extract.measure import TensorRecord
from pipeline.extract.reading import ByteBudget, load
from pipeline.extract.settings import Settings
from pipeline.layout import (
    Adapter,
    Attention,
    Embedding,
    Layout,
    MatrixView,
    find_adapters,
    find_attentions,
    find_embeddings,
)
from pipeline.metrics import group
from pipeline.metrics.tensor import Family, Rows
from pipeline.metrics.values import TensorValues
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources import (
    TensorReader,
    Vocabulary,
    open_reader,
    read_vocabulary,
)

Group = Attention | Adapter | Embedding


def measure_groups(
    checkpoint: Checkpoint,
    layout: Layout,
    families: Sequence[Family],
    settings: Settings,
    records: Sequence[TensorRecord],
) -> list[TensorRecord]:
    """The records, with the rows of families that take groups put to their tensors.

    Holds at most half of `settings.memory_bytes` in tensors; a group that is larger is
    a row that says so. Raises SourceError when a tensor is not what it was in the
    first pass.
    """
    by_name = {record.tensor.name: record for record in records}
    groups = [
        (family, one)
        for family in families
        for one in _find(family.takes, checkpoint, layout)
        if not _is_alias(one, by_name)
    ]
    if not groups:
        return list(records)
    half = settings.memory_bytes // 2
    budget = ByteBudget(half)
    waiting: list[Future[Rows]] = []
    with (
        open_reader(checkpoint) as reader,
        threadpool_limits(limits=1, user_api="blas"),
        ThreadPoolExecutor(settings.threads, "measure") as pool,
    ):
        given = _Input(reader, by_name, half)
        tokens = Vocabulary()
        if any(isinstance(one, Embedding) for _, one in groups):
            tokens = read_vocabulary(Path(checkpoint.folder))
        for family, one in groups:
            tensors = _tensors(one)
            taken = budget.take(sum(tensor.n_bytes for tensor in tensors))
            held = given.read(tensors)
            job = pool.submit(family.measure, _prepare(one, held, tokens))
            job.add_done_callback(partial(_release, budget, taken))
            waiting.append(job)
            del held
        return _attach(records, (job.result() for job in waiting))


def _find(takes: str, checkpoint: Checkpoint, layout: Layout) -> Sequence[Group]:
    if takes == "attention":
        return find_attentions(checkpoint.tensors, layout)
    if takes == "adapter":
        return find_adapters(checkpoint.tensors, checkpoint.config)
    if takes == "embedding":
        return find_embeddings(checkpoint.tensors, layout)
    return ()


def _is_alias(one: Group, records: Mapping[str, TensorRecord]) -> bool:
    """An embedding whose rows are its original's."""
    if not isinstance(one, Embedding):
        return False
    return records[one.tensor.name].status == "aliased"


def _tensors(one: Group) -> list[TensorRef]:
    """The group's tensors; a fused one is there once."""
    if isinstance(one, Attention):
        wanted: Iterable[TensorRef] = (part.tensor for part in one.parts.values())
    elif isinstance(one, Embedding):
        wanted = (one.tensor,)
    else:
        wanted = (tensor for tensor in (one.a, one.b) if tensor is not None)
    return list({tensor.name: tensor for tensor in wanted}.values())


@dataclass(frozen=True)
class _Held:
    """A tensor of a group as it was read, or why it was not."""

    record: TensorRecord
    values: TensorValues | None
    status: str = "ok"
    reason: str = ""

    def member(
        self,
        view: MatrixView | None = None,
        *,
        is_transposed: bool = False,
    ) -> group.Member:
        return group.Member(
            self.record.tensor.name,
            self.record.digest,
            self.values,
            view,
            is_transposed,
            self.status,
            self.reason,
        )


@dataclass(frozen=True)
class _Input:
    reader: TensorReader
    records: Mapping[str, TensorRecord]
    largest_bytes: int

    def read(self, tensors: Sequence[TensorRef]) -> dict[str, _Held]:
        n_bytes = sum(tensor.n_bytes for tensor in tensors)
        held = {}
        for tensor in tensors:
            record = self.records[tensor.name]
            if record.status in ("failed", "skipped"):
                one = _Held(record, None, "unreadable", record.reason)
            elif n_bytes > self.largest_bytes:
                reason = f"the group needs {n_bytes} bytes at once: raise --memory"
                one = _Held(record, None, "over_budget", reason)
            else:
                one = _Held(record, self._load(record))
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


def _prepare(
    one: Group, held: Mapping[str, _Held], vocabulary: Vocabulary
) -> group.Attention | group.Adapter | group.Embedding:
    if isinstance(one, Attention):
        members = {
            part: held[p.tensor.name].member(p.view, is_transposed=p.is_transposed)
            for part, p in one.parts.items()
        }
        return group.Attention(one.attention, members, one.n_heads, one.problems)
    if isinstance(one, Embedding):
        return group.Embedding(
            held[one.tensor.name].member(is_transposed=one.is_transposed),
            vocabulary.tokens,
            vocabulary.file,
            vocabulary.problem,
        )
    factors = {"A": one.a, "B": one.b}
    return group.Adapter(
        module=one.module,
        adapter=one.adapter,
        variant=one.variant,
        factors={k: held[t.name].member() for k, t in factors.items() if t},
        alpha=one.alpha,
        scale=one.scale,
        scale_problem=one.scale_problem,
        is_transposed=one.is_transposed,
    )


def _attach(
    records: Sequence[TensorRecord], measured: Iterable[Rows]
) -> list[TensorRecord]:
    """Rows name their tensors themselves; they travel with the record of theirs.

    A tensor that could not be read has its row in `tensors`, and that alone.
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


def _release(budget: ByteBudget, n_bytes: int, _: Future[Rows]) -> None:
    budget.give_back(n_bytes)
