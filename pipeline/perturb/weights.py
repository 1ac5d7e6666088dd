"""Which weights can be scored? A model's parameters, each once, placed and named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.layout import Location, find_attentions
from pipeline.layout.attention import Projection
from pipeline.probes.capture import Forward
from pipeline.refs import TensorRef

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class HeadPart:
    """The heads of one projection in a tensor: q, k, v or o, split evenly."""

    part: str
    projection: Projection = field(repr=False)
    n_heads: int

    @property
    def along_rows(self) -> bool:
        """Whether heads follow one another along the rows as stored."""
        return (self.part == "o") == self.projection.is_transposed


@dataclass(frozen=True, eq=False)
class Weight:
    """One parameter: `tensor` is its key in the checkpoint, `path` that in the module.

    Tied parameters are one weight, under the first name. `heads` holds the attention
    projections that it is made of.
    """

    tensor: str
    path: str
    parameter: torch.nn.Parameter = field(repr=False)
    at: Location
    heads: tuple[HeadPart, ...] = ()

    @property
    def n_elements(self) -> int:
        return self.parameter.numel()

    @cached_property
    def problem(self) -> str:
        """Why it has no gradient: `frozen`, `integer`; empty where it can have one."""
        if not self.parameter.is_floating_point():
            return "integer"
        return "" if self.parameter.requires_grad else "frozen"


def find_weights(forward: Forward, tensors: Sequence[str] = ()) -> tuple[Weight, ...]:
    """Every parameter of a model once, in its order.

    `tensors` are the checkpoint's keys: a parameter is called by the one that equals
    its path, or that alone ends with it or is its end, else by its path.
    """
    named = list(forward.model.named_parameters())
    layout = forward.places.layout
    refs = [TensorRef(path, "F32", tuple(one.shape), "", 0) for path, one in named]
    heads: dict[str, list[HeadPart]] = {}
    for attention in find_attentions(refs, layout):
        for part, n in attention.n_heads.items():
            projection = attention.parts[part]
            found = heads.setdefault(projection.tensor.name, [])
            found.append(HeadPart(part, projection, n))
    keys = _name(named, tensors)
    return tuple(
        Weight(
            keys[path],
            path,
            parameter,
            layout.locate(path, tuple(parameter.shape)),
            tuple(heads.get(path, ())),
        )
        for path, parameter in named
    )


def _name(
    named: Sequence[tuple[str, Any]], tensors: Sequence[str]
) -> Mapping[str, str]:
    known = set(tensors)
    ends: dict[str, list[str]] = {}
    for key in tensors:
        parts = key.split(".")
        for first in range(len(parts)):
            ends.setdefault(".".join(parts[first:]), []).append(key)
    found = {}
    for path, _ in named:
        parts = path.split(".")
        shorter = [".".join(parts[k:]) for k in range(1, len(parts))]
        longer = ends.get(path, [])
        if path in known:
            found[path] = path
        elif len(longer) == 1:
            found[path] = longer[0]
        else:
            found[path] = next((one for one in shorter if one in known), path)
    return found


def in_groups(
    weights: Sequence[Weight], *, bytes_each: int, budget: int
) -> Iterator[tuple[Weight, ...]]:
    """Weights in their order, as many at a time as the budget has room for."""
    group: list[Weight] = []
    held = 0
    for one in weights:
        needed = one.n_elements * bytes_each
        if group and held + needed > budget:
            yield tuple(group)
            group, held = [], 0
        group.append(one)
        held += needed
    if group:
        yield tuple(group)


@contextmanager
def only_these(forward: Forward, weights: Sequence[Weight]) -> Iterator[None]:
    """While open, no other parameter has a gradient; as before afterwards."""
    before = [(one, one.requires_grad) for one in forward.model.parameters()]
    wanted = {id(one.parameter) for one in weights}
    try:
        for parameter, had in before:
            if had:
                parameter.requires_grad_(id(parameter) in wanted)
        yield
    finally:
        for parameter, had in before:
            if had:
                parameter.requires_grad_(True)
            parameter.grad = None
