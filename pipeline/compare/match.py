"""Which tensor of one checkpoint is which of another? By role, never by position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline.compare.depths import at_depths, say_depths
from pipeline.compare.fused import Part, Role
from pipeline.compare.matched import How, Match, Side, lone_tensors, relate, role_in
from pipeline.compare.part_matches import match_parts
from pipeline.layout import Layout
from pipeline.layout.naming import clean_name
from pipeline.refs import TensorRef


def match_tensors(
    old: Sequence[TensorRef],
    old_layout: Layout,
    new: Sequence[TensorRef],
    new_layout: Layout,
) -> list[Match]:
    """Every tensor of both sides: new ones in their order, then parts, then old ones.

    The role is stack, layer, component, parameter and expert; where several tensors
    of a side share a role, or none is known, the name decides. A network of a single
    stack meets one of another single stack. A tied head that one side leaves out is
    compared with that side's token embedding. A fused tensor meets what the other side
    stores alone part by part, each with a match of its own. Layers
    of two families of unlike lengths meet by depth.
    """
    real, other = Side.of(old, old_layout), Side.of(new, new_layout)
    one = at_depths(real, other)
    matches = _match_endings(_match_whole(one, other), one, other)
    matches = match_parts(matches, one, other)
    return matches if one is real else say_depths(matches, real, other)


def _match_whole(old: Side, new: Side) -> list[Match]:
    alone = tuple(side.only_stack for side in (old, new))
    by_role, new_roles = _by_role(old, alone), _by_role(new, alone)
    by_name = {_plain_name(tensor): tensor for tensor in old.tensors}
    by_name |= {tensor.name: tensor for tensor in old.tensors}
    matches, used = [], set()
    for tensor in new.tensors:
        location = new.places[tensor.name]
        role = role_in(location, alone)
        names = tensor.name, _plain_name(tensor)
        partner = next((by_name[name] for name in names if name in by_name), None)
        how: How = "name"
        if role and len(by_role[role]) == 1 and len(new_roles[role]) == 1:
            partner, how = by_role[role][0], "role"
        elif partner is None and location.component == "unembedding":
            partner, how = _embedding(old), "tied"
        if partner is None:
            matches.append(Match(None, tensor, location, reason="only the new has it"))
            continue
        used.add(partner.name)
        matches.append(_relate(partner, tensor, (old, new), how=how))
    left = [tensor for tensor in old.tensors if tensor.name not in used]
    return matches + [_lone_old(tensor, old, new) for tensor in left]


def _lone_old(tensor: TensorRef, old: Side, new: Side) -> Match:
    location = old.places[tensor.name]
    if location.component == "unembedding" and location.parameter == "weight":
        tied = _embedding(new)
        if tied is not None:
            return _relate(tensor, tied, (old, new), how="tied")
    return Match(tensor, None, location, reason="only the old has it")


def _match_endings(matches: Sequence[Match], old: Side, new: Side) -> list[Match]:
    """Lone tensors of which one's name is the other's behind a prefix."""
    olds, news = lone_tensors(matches)
    found: dict[str, TensorRef] = {}
    for name in news:
        fits = [
            each
            for each in olds
            if (each.endswith(f".{name}") or name.endswith(f".{each}"))
            and "other" in (old.places[each].component, new.places[name].component)
        ]
        if len(fits) == 1:
            found[name] = olds[fits[0]]
    taken = [tensor.name for tensor in found.values()]
    found = {name: t for name, t in found.items() if taken.count(t.name) == 1}
    used = {tensor.name for tensor in found.values()}
    rows = []
    for match in matches:
        if match.old is None and match.new is not None and match.new.name in found:
            partner = found[match.new.name]
            rows.append(_relate(partner, match.new, (old, new), how="name"))
        elif match.new is not None or (match.old and match.old.name not in used):
            rows.append(match)
    return rows


def _plain_name(tensor: TensorRef) -> str:
    """Without wrappers, and with codes named as the weight that they stand for."""
    cleaned = clean_name(tensor.name)
    ending = f".{cleaned.parameter}" if cleaned.parameter else ""
    return cleaned.tower.prefix + cleaned.path + ending


def _by_role(
    side: Side, alone: tuple[str | None, ...]
) -> Mapping[Role | None, list[TensorRef]]:
    groups: dict[Role | None, list[TensorRef]] = defaultdict(list)
    for tensor in side.tensors:
        groups[role_in(side.places[tensor.name], alone)].append(tensor)
    return groups


def _embedding(side: Side) -> TensorRef | None:
    """The token embedding, where no other tensor is the head."""
    components = {
        side.places[t.name].component: t
        for t in side.tensors
        if side.places[t.name].parameter == "weight"
    }
    return None if "unembedding" in components else components.get("token_embedding")


def _relate(
    old: TensorRef, new: TensorRef, sides: tuple[Side, Side], *, how: How
) -> Match:
    one, other = (
        Part(tensor, side.places[tensor.name])
        for tensor, side in zip((old, new), sides, strict=True)
    )
    return relate(one, other, other.location, how=how)
