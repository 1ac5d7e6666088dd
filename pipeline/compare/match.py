"""Which tensor of one checkpoint is which of another? By role, never by position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.layout import Layout, Location
from pipeline.layout.naming import clean_name
from pipeline.refs import TensorRef
from pipeline.row import Row

How = Literal["role", "name", "tied", "transposed", "resized", "adapter"]
_Role = tuple[str | None, int | None, str, str, int | None]


@dataclass(frozen=True)
class Match:
    """An old and a new tensor of one role; None on the side that lacks it.

    `how` says by what they were matched, and how their shapes relate where they
    differ; it is None where there is no partner or the shapes cannot be compared.
    """

    old: TensorRef | None
    new: TensorRef | None
    location: Location
    how: How | None = None
    reason: str = ""


def match_tensors(
    old: Sequence[TensorRef],
    old_layout: Layout,
    new: Sequence[TensorRef],
    new_layout: Layout,
) -> list[Match]:
    """Every tensor of both sides, once: new ones in their order, then old ones left.

    The role is stack, layer, component, parameter and expert; where several tensors
    of a side share a role, or none is known, the name decides. A tied head that one
    side leaves out is compared with that side's token embedding.
    """
    places = {t.name: new_layout.locate(t.name, t.shape) for t in new}
    old_places = {t.name: old_layout.locate(t.name, t.shape) for t in old}
    by_role, new_roles = _by_role(old, old_places), _by_role(new, places)
    by_name = {_plain_name(tensor): tensor for tensor in old}
    by_name |= {tensor.name: tensor for tensor in old}
    matches, used = [], set()
    for tensor in new:
        location = places[tensor.name]
        role = _role(location)
        names = tensor.name, _plain_name(tensor)
        partner = next((by_name[name] for name in names if name in by_name), None)
        how = "name"
        if role and len(by_role[role]) == 1 and len(new_roles[role]) == 1:
            partner, how = by_role[role][0], "role"
        elif partner is None and location.component == "unembedding":
            partner, how = _embedding(old, old_places), "tied"
        if partner is None:
            matches.append(Match(None, tensor, location, reason="only the new has it"))
            continue
        used.add(partner.name)
        is_turned = location.is_transposed != old_places[partner.name].is_transposed
        matches.append(_relate(partner, tensor, location, how=how, is_turned=is_turned))
    left = [tensor for tensor in old if tensor.name not in used]
    return matches + [
        Match(t, None, old_places[t.name], reason="only the old has it") for t in left
    ]


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
        "n_elements": match.new.n_elements if match.new and match.how else None,
    }


def _plain_name(tensor: TensorRef) -> str:
    """Without wrappers, and with codes named as the weight that they stand for."""
    cleaned = clean_name(tensor.name)
    ending = f".{cleaned.parameter}" if cleaned.parameter else ""
    return cleaned.tower.prefix + cleaned.path + ending


def _role(location: Location) -> _Role | None:
    if location.component == "other":
        return None
    return (
        location.stack,
        location.layer,
        location.component,
        location.parameter,
        location.expert,
    )


def _by_role(
    tensors: Sequence[TensorRef], places: Mapping[str, Location]
) -> Mapping[_Role | None, list[TensorRef]]:
    groups: dict[_Role | None, list[TensorRef]] = defaultdict(list)
    for tensor in tensors:
        groups[_role(places[tensor.name])].append(tensor)
    return groups


def _embedding(
    tensors: Sequence[TensorRef], places: Mapping[str, Location]
) -> TensorRef | None:
    """The token embedding, where no other tensor is the head."""
    components = {places[t.name].component: t for t in tensors}
    return None if "unembedding" in components else components.get("token_embedding")


def _relate(
    old: TensorRef, new: TensorRef, location: Location, *, how: str, is_turned: bool
) -> Match:
    shapes = f"{_show(old)} became {_show(new)}"
    if len(old.shape) == 2 and is_turned and old.shape == new.shape[::-1]:
        return Match(old, new, location, "transposed", "stored the other way round")
    if old.shape == new.shape:
        return Match(old, new, location, how)  # type: ignore[arg-type]
    if len(old.shape) == 2 and old.shape == new.shape[::-1]:
        return Match(old, new, location, "transposed", shapes)
    if old.shape[1:] == new.shape[1:] and old.shape and new.shape:
        reason = f"{shapes}: the first {min(old.shape[0], new.shape[0])} are compared"
        return Match(old, new, location, "resized", reason)
    return Match(old, new, location, None, shapes)


def _show(tensor: TensorRef) -> str:
    return "×".join(str(size) for size in tensor.shape) or "a scalar"
