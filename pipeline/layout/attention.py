"""Which matrices form one attention, and how many heads does each hold?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.components import load_components, names_where
from pipeline.layout.dimensions import Dimensions
from pipeline.layout.layout import Layout
from pipeline.layout.location import Location
from pipeline.layout.views import MatrixView
from pipeline.refs import TensorRef

PARTS: tuple[str, ...] = names_where(lambda word: word.heads)
_CROSS = "cross_"


@dataclass(frozen=True)
class Projection:
    """One of q, k, v, o: a tensor, or a view of a fused one."""

    tensor: TensorRef
    view: MatrixView
    is_transposed: bool

    @property
    def n_outputs(self) -> int:
        return self.view.n_cols if self.is_transposed else self.view.n_rows

    @property
    def n_inputs(self) -> int:
        return self.view.n_rows if self.is_transposed else self.view.n_cols


@dataclass(frozen=True)
class Attention:
    """The projections of one attention, by part; a missing part is not in `parts`.

    `n_heads` holds the parts whose rows (columns, for o) the head counts explain
    exactly; `problems` holds the reason for every other part.
    """

    attention: Literal["self", "cross"]
    parts: Mapping[str, Projection]
    n_heads: Mapping[str, int]
    problems: Mapping[str, str]


@dataclass
class _Found:
    attention: Literal["self", "cross"]
    sizes: Dimensions
    parts: dict[str, Projection] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def find_attentions(
    tensors: Sequence[TensorRef], layout: Layout
) -> tuple[Attention, ...]:
    """Every attention of a checkpoint that has q, k, v or o, in file order.

    Heads follow one another along the outputs of q, k and v and along the inputs of o;
    with fewer key heads, query head i reads key head i // (n_heads / n_kv_heads).
    """
    found: dict[tuple[object, ...], _Found] = {}
    for tensor in tensors:
        location = layout.locate(tensor.name, tensor.shape)
        component = location.component
        parts = load_components()[component].parts or (component,)
        bare = tuple(part.removeprefix(_CROSS) for part in parts)
        if tensor.skip_reason or location.parameter != "weight":
            continue
        if not set(bare) <= set(PARTS):
            continue
        attention: Literal["self", "cross"] = (
            "cross" if component.startswith(_CROSS) else "self"
        )
        key = (attention, location.stack, location.layer, _prefix(tensor, location))
        one = found.setdefault(key, _Found(attention, layout.sizes(tensor.name)))
        _add(one, tensor, location, layout=layout, parts=bare)
    return tuple(_count_heads(one) for one in found.values())


def _prefix(tensor: TensorRef, location: Location) -> str:
    """The name up to the block's number, which separates networks of one file."""
    before, number, _ = f".{tensor.name}".partition(f".{location.layer}.")
    return before if number else ""


def _add(
    one: _Found,
    tensor: TensorRef,
    location: Location,
    *,
    layout: Layout,
    parts: Sequence[str],
) -> None:
    views = {view.component.removeprefix(_CROSS): view for view in layout.views(tensor)}
    for part in parts:
        if part in one.parts:
            one.problems[part] = f"{tensor.name} is a second {part} of the block"
        elif part in views:
            one.parts[part] = Projection(tensor, views[part], location.is_transposed)
        else:
            reason = layout.no_view_reason(tensor)
            one.problems[part] = f"{tensor.name} " + (
                f"is no matrix: {reason}"
                if reason
                else "holds q, k and v, and no head count says where one ends"
            )


def _count_heads(one: _Found) -> Attention:
    n_heads, problems = {}, dict(one.problems)
    for part, projection in one.parts.items():
        is_query = load_components()[part].heads == "query"
        count = one.sizes.n_heads if is_query else one.sizes.n_kv_heads
        sizes = one.sizes
        # Values may have a size of their own, and so do the inputs of o.
        head_dim = sizes.head_dim if part in "qk" else sizes.value_dim or sizes.head_dim
        problem = _explain(projection, part, count, head_dim)
        if problem or count is None:
            problems.setdefault(part, problem)
        else:
            n_heads[part] = count
    for pair in (PARTS[:2], PARTS[:1:-1]):  # q with k, o with v
        widths = {p: _side(one.parts[p], p) // n_heads[p] for p in pair if p in n_heads}
        problem = _disagreement(widths, n_heads)
        for part in widths if problem else ():
            problems.setdefault(part, problem)
    certain = {part: n for part, n in n_heads.items() if part not in problems}
    return Attention(one.attention, one.parts, certain, problems)


def _side(projection: Projection, part: str) -> int:
    """The side along which the heads are stored one after another."""
    return projection.n_inputs if part == "o" else projection.n_outputs


def _explain(
    projection: Projection, part: str, count: int | None, head_dim: int | None
) -> str:
    """Why the heads of a part are not certain; "" if they are."""
    side = _side(projection, part)
    if not count:
        return "the config gives no number of heads"
    if not side or side % count:
        return f"{side} dimensions are not {count} heads of one size"
    if head_dim and side != count * head_dim:
        return f"{side} dimensions are not {count} heads of {head_dim}"
    return ""


def _disagreement(widths: Mapping[str, int], n_heads: Mapping[str, int]) -> str:
    if len(set(widths.values())) > 1:
        said = " and ".join(f"{part} of {width}" for part, width in widths.items())
        return f"heads of {said} do not fit one another"
    counts = [n_heads[part] for part in widths]
    if len(counts) == 2 and counts[0] % counts[1]:
        return f"{counts[0]} query heads do not share {counts[1]} key heads evenly"
    return ""
