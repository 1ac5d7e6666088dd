"""Which kinds of groups are there: how is each found, read and given to its family?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.extract.measure import TensorRecord
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
from pipeline.metrics.arrays.values import TensorValues
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources import Vocabulary

Records = Mapping[str, TensorRecord]


@dataclass(frozen=True)
class Held:
    """A tensor of a group as it was read, or why it was not."""

    record: TensorRecord
    values: TensorValues | None
    status: str = "ok"
    reason: str = ""

    def member(
        self, view: MatrixView | None = None, *, is_transposed: bool = False
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
class Kind:
    """What a family `takes`, when that is several tensors at once.

    `find` lists the groups of a checkpoint, `tensors` those of one group, `prepare`
    makes of one group and its tensors, by name, what the family measures.
    """

    takes: type
    find: Callable[[Checkpoint, Layout, Records], Sequence[Any]]
    tensors: Callable[[Any], Iterable[TensorRef | None]]
    prepare: Callable[[Any, Mapping[str, Held], Callable[[], Vocabulary]], Any]


def _find_attentions(
    checkpoint: Checkpoint, layout: Layout, _: Records
) -> Sequence[Attention]:
    return find_attentions(checkpoint.tensors, layout)


def _attention(
    one: Attention, held: Mapping[str, Held], _: Callable[[], Vocabulary]
) -> group.Attention:
    members = {
        part: held[p.tensor.name].member(p.view, is_transposed=p.is_transposed)
        for part, p in one.parts.items()
    }
    return group.Attention(one.attention, members, one.n_heads, one.problems)


def _find_adapters(
    checkpoint: Checkpoint, _layout: Layout, _: Records
) -> Sequence[Adapter]:
    return find_adapters(checkpoint.tensors, checkpoint.config)


def _adapter(
    one: Adapter, held: Mapping[str, Held], _: Callable[[], Vocabulary]
) -> group.Adapter:
    factors = {"A": one.a, "B": one.b, **one.more}
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


def _find_embeddings(
    checkpoint: Checkpoint, layout: Layout, records: Records
) -> Sequence[Embedding]:
    """Without aliases: their rows are their original's."""
    return [
        one
        for one in find_embeddings(checkpoint.tensors, layout)
        if records[one.tensor.name].status != "aliased"
    ]


def _embedding(
    one: Embedding, held: Mapping[str, Held], vocabulary: Callable[[], Vocabulary]
) -> group.Embedding:
    tokens = vocabulary()
    return group.Embedding(
        held[one.tensor.name].member(is_transposed=one.is_transposed),
        tokens.tokens,
        tokens.file,
        tokens.problem,
    )


KINDS = (
    Kind(
        group.Attention,
        _find_attentions,
        lambda one: (part.tensor for part in one.parts.values()),
        _attention,
    ),
    Kind(
        group.Adapter,
        _find_adapters,
        lambda one: (one.a, one.b, *one.more.values()),
        _adapter,
    ),
    Kind(group.Embedding, _find_embeddings, lambda one: (one.tensor,), _embedding),
)
