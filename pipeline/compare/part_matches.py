"""Which tensors without a partner are parts of a fused one, or are fused of parts?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline.compare.fused import Part, Role, list_parts
from pipeline.compare.matched import Match, Side, lone_tensors, relate, role_in
from pipeline.components import load_components
from pipeline.refs import TensorRef


def match_parts(matches: Sequence[Match], old: Side, new: Side) -> list[Match]:
    """With the parts of fused tensors met, and lone rows kept for what is left."""
    recut = [match for match in matches if _is_cut_anew(match, old, new)]
    olds, news = lone_tensors(matches)
    olds |= {m.old.name: m.old for m in recut if m.old}
    news |= {m.new.name: m.new for m in recut if m.new}
    alone = tuple(side.only_stack for side in (old, new))
    sides = (old, list(olds.values())), (new, list(news.values()))
    of_old, of_new = (_parts_by_role(side, some, alone) for side, some in sides)
    met: list[Match] = []
    for role, parts in of_new.items():
        partners = of_old.get(role, [])
        if len(parts) != 1 or len(partners) != 1:
            continue
        one, other = partners[0], parts[0]
        if one.is_whole and other.is_whole:
            continue
        said = ", ".join(
            f"{which} {part.text}"
            for which, part in (("old", one), ("new", other))
            if not part.is_whole
        )
        found = relate(one, other, other.location, how="part", reason=said)
        if found.how:
            met.append(found)
    if not met:
        return list(matches)
    rest = [m for m in matches if not (m in recut and _has_met(m, met))]
    return [*_left(rest, met, of_old, of_new), *met]


def _has_met(match: Match, met: Sequence[Match]) -> bool:
    return any(one.new is match.new and one.old is match.old for one in met)


def _left(
    matches: Sequence[Match],
    met: Sequence[Match],
    of_old: Mapping[Role, list[Part]],
    of_new: Mapping[Role, list[Part]],
) -> list[Match]:
    """Matches without the lone tensors all of whose parts were met."""
    rows = []
    for match in matches:
        is_lone = match.old is None or match.new is None
        tensor = match.new or match.old
        parts = of_new if match.old is None else of_old
        here = [p for ps in parts.values() for p in ps if p.tensor is tensor]
        used = [m for m in met if (m.new if match.old is None else m.old) is tensor]
        if not is_lone or not used:
            rows.append(match)
        elif len(used) < len(here):
            reason = f"{match.reason}, but for {len(used)} of its {len(here)} parts"
            rows.append(Match(match.old, match.new, match.location, None, reason))
    return rows


def _is_cut_anew(match: Match, old: Side, new: Side) -> bool:
    """Whether both sides fuse the same components, in another order of outputs."""
    if match.old is None or match.new is None or match.how in ("tied", "resized"):
        return False
    parts = load_components()[match.location.component].parts
    if not parts or match.location.parameter != "weight":
        return False
    views = old.layout.views(match.old), new.layout.views(match.new)
    if min(map(len, views)) < 2 or match.is_turned:
        return False
    return [(v.reshape, v.index) for v in views[0]] != [
        (v.reshape, v.index) for v in views[1]
    ]


def _parts_by_role(
    side: Side, tensors: Sequence[TensorRef], alone: tuple[str | None, ...]
) -> dict[Role, list[Part]]:
    found: dict[Role, list[Part]] = defaultdict(list)
    for part in list_parts(tensors, side.places, side.layout, side.tensors):
        role = role_in(part.location, alone)
        if role:
            found[role].append(part)
    return found
