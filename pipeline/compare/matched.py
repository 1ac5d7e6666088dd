"""What is a pair of matched tensors, before any value is read?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from pipeline.compare.fused import Part, Role, role_of
from pipeline.layout import Layout, Location
from pipeline.refs import TensorRef
from pipeline.row import Row

How = Literal["role", "name", "tied", "transposed", "resized", "part", "adapter"]


@dataclass(frozen=True)
class Match:
    """An old and a new tensor of one role; None on the side that lacks it.

    `how` says by what they were matched, and how their shapes relate where they
    differ; it is None where there is no partner or the shapes cannot be compared. Of a
    fused tensor the part is compared; `is_turned` says that the two are stored the
    other way round.
    """

    old: TensorRef | None
    new: TensorRef | None
    location: Location
    how: How | None = None
    reason: str = ""
    old_part: Part | None = None
    new_part: Part | None = None
    is_turned: bool = False

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Of what is compared on the old and the new side; () where there is none."""
        sides = ((self.old_part, self.old), (self.new_part, self.new))
        one, other = (p.shape if p else t.shape if t else () for p, t in sides)
        return one, other

    @property
    def is_reformed(self) -> bool:
        """Whether a side is cut, turned or reshaped before the two are compared."""
        if self.how in (None, "resized", "adapter"):
            return False
        return self.is_turned or self.shapes[0] != self.shapes[1] or self.how == "part"


@dataclass(frozen=True)
class Side:
    """All tensors of one checkpoint, with their places."""

    tensors: Sequence[TensorRef]
    layout: Layout
    places: Mapping[str, Location]

    @classmethod
    def of(cls, tensors: Sequence[TensorRef], layout: Layout) -> Side:
        places = {t.name: layout.locate(t.name, t.shape) for t in tensors}
        return cls(tensors, layout, places)

    @property
    def only_stack(self) -> str | None:
        """The stack of every block, if there is one alone."""
        at = self.places.values()
        stacks = {one.stack for one in at if one.layer is not None}
        return stacks.pop() if len(stacks) == 1 else None


def role_in(location: Location, alone: tuple[str | None, ...]) -> Role | None:
    """The role, if known; without the stack where each side has only one.

    `alone` holds the only stack of each side, null where it has several.
    """
    if location.component == "other":
        return None
    role = role_of(location)
    is_single = None not in alone and location.stack in alone
    return (None, *role[1:]) if is_single else role


def describe_match(match: Match) -> Row:
    """The columns of `tensor_changes` that need no value."""
    status = "ok" if match.how else "shape_differs"
    if match.old is None or match.new is None:
        status = "only_new" if match.old is None else "only_old"
    return {
        "tensor": match.new.name if match.new else None,
        "from_tensor": match.old.name if match.old else None,
        "layer": match.location.layer,
        "component": match.location.component,
        "parameter": match.location.parameter,
        "status": status,
        "reason": match.reason or None,
        "match": match.how,
        "n_elements": prod(match.shapes[1]) if match.new and match.how else None,
    }


def relate(
    old: Part, new: Part, location: Location, *, how: How, reason: str = ""
) -> Match:
    """A match of two tensors or parts, by how their shapes relate."""
    a, b = old.shape, new.shape
    is_turned = old.location.is_transposed != new.location.is_transposed
    shapes = f"{_show(a)} became {_show(b)}"

    def match(how: How | None, said: str = "", *, is_turned: bool = False) -> Match:
        both = "; ".join(text for text in (reason, said) if text)
        return Match(
            old.tensor,
            new.tensor,
            location,
            how,
            both,
            old_part=None if old.is_whole else old,
            new_part=None if new.is_whole else new,
            is_turned=is_turned,
        )

    turned: How = "part" if how == "part" else "transposed"
    if len(a) == 2 and is_turned and a == b[::-1]:
        return match(turned, "stored the other way round", is_turned=True)
    if a == b:
        return match(how)
    if len(a) == 2 and a == b[::-1]:
        return match(turned, shapes, is_turned=True)
    if _drop_ones(a) == _drop_ones(b):
        return match(how, shapes)
    if a[1:] == b[1:] and a and b and how != "part":
        return match("resized", f"{shapes}: the first {min(a[0], b[0])} are compared")
    return match(None, shapes)


def lone_tensors(
    matches: Sequence[Match],
) -> tuple[dict[str, TensorRef], dict[str, TensorRef]]:
    """By name: those that only the old side has, and those of the new side."""
    olds = {m.old.name: m.old for m in matches if m.old and m.new is None}
    news = {m.new.name: m.new for m in matches if m.new and m.old is None}
    return olds, news


def _drop_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _show(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a scalar"
