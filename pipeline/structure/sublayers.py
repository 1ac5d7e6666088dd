"""Which sublayers does a block have, in the order in which they act?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from pipeline.components import names_where
from pipeline.structure.tree import Layer, Tensor, walk_tensors

Kind = Literal[
    "attention", "cross_attention", "state", "feed_forward", "experts", "plain"
]
NormPlace = Literal["before", "inside", "after"]

_KINDS: tuple[Kind, ...] = ("attention", "cross_attention", "state", "feed_forward")


@dataclass(frozen=True)
class Sublayer:
    """One step of a block: its components, and where it is normalised.

    `norms` maps before, inside (what it adds) and after (the sum) to a component.
    `facts` holds sizes that the tensors show: width, n_experts, is_gated, …
    """

    kind: Kind
    components: tuple[str, ...]
    norms: Mapping[NormPlace, str] = field(default_factory=dict)
    facts: Mapping[str, int | str | bool] = field(default_factory=dict)


def find_sublayers(layer: Layer, norm_place: NormPlace) -> tuple[Sublayer, ...]:
    """The sublayers of a block; other components form a sublayer of kind plain.

    `norm_place` is the place of a sublayer's norm if it has only one.
    """
    by_name = {c.name: c.tensors for c in layer.components}
    left = dict(by_name)
    found = []
    for kind in _KINDS:
        words = _words_of(kind)
        parts = tuple(name for name in words.parts if name in left)
        if not parts:
            continue
        norms: dict[NormPlace, str] = {}
        before = next((norm for norm in words.norms if norm in left), "")
        inside = next((norm for norm in words.inner_norms if norm in left), "")
        if before:
            norms["before" if inside else norm_place] = before
        if inside:
            norms["inside"] = inside
        is_moe = kind == "feed_forward" and _n_experts(by_name) > 0
        facts = _width_facts(by_name) if kind == "feed_forward" else {}
        named: Kind = "experts" if is_moe else kind
        found.append(Sublayer(named, parts, norms, facts))
        for name in (*parts, before, inside):
            left.pop(name, None)
    if left:
        found.append(Sublayer("plain", tuple(left)))
    return tuple(found)


def shape_of_layer(layer: Layer) -> tuple[object, ...]:
    """A key by roles and shapes, equal for blocks with the same structure."""
    rows = {
        (t.location.component, t.location.parameter, t.shape)
        for t in walk_tensors(layer)
        if not t.location.is_buffer
    }
    n_experts = _n_experts({c.name: c.tensors for c in layer.components})
    return (n_experts, *sorted(rows))


def outputs_of(tensor: Tensor) -> int | None:
    """The number of outputs of a matrix, however it is stored."""
    if len(tensor.shape) != 2:
        return None
    return tensor.shape[1 if tensor.location.is_transposed else 0]


def weight_of(tensors: Sequence[Tensor]) -> Tensor | None:
    return next((t for t in tensors if t.location.parameter == "weight"), None)


@dataclass(frozen=True)
class _Words:
    """The components of a step and its normalisations, the nearest to it first."""

    parts: tuple[str, ...]
    norms: tuple[str, ...]
    inner_norms: tuple[str, ...]


@cache
def _words_of(kind: Kind) -> _Words:
    return _Words(
        names_where(lambda word: word.step == kind),
        names_where(lambda word: kind in word.norm_of)[::-1],
        names_where(lambda word: kind in word.inner_norm_of),
    )


def _n_experts(by_name: Mapping[str, Sequence[Tensor]]) -> int:
    names = names_where(lambda word: word.experts)
    tensors = [t for name in names for t in by_name.get(name, ())]
    named = [t.location.expert + 1 for t in tensors if t.location.expert is not None]
    fused = [t.shape[0] for t in tensors if len(t.shape) == 3]
    return max([*named, *fused], default=0)


def _width_facts(
    by_name: Mapping[str, Sequence[Tensor]],
) -> dict[str, int | str | bool]:
    """Whether it is gated, its hidden width and its experts."""
    facts: dict[str, int | str | bool] = {
        "is_gated": "gate" in by_name or "gate_up" in by_name,
        "has_shared": any(name.startswith("shared_") for name in by_name),
    }
    down = weight_of(by_name.get("down", ()))
    if down is not None and len(down.shape) in (2, 3):
        is_transposed = down.location.is_transposed
        facts["width"] = down.shape[-2 if is_transposed else -1]
    n_experts = _n_experts(by_name)
    if n_experts:
        facts["n_experts"] = n_experts
    return facts
