"""Which layers of two unlike networks lie at one depth?

Networks of one family meet layer by layer: a shorter one is mostly cut off. Of two
families the first layers meet, the last ones, and what lies as deep in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.compare.matched import Match, Side

# Above any layer's index: where no layer of the other network is as deep.
_NOWHERE = 1 << 24


def at_depths(old: Side, new: Side) -> Side:
    """The old side, its layers numbered as those of the new side at their depths.

    As it is where the families are one, or the stacks as long.
    """
    n_old, n_new = _n_layers(old), _n_layers(new)
    is_alike = old.layout.family == new.layout.family
    if is_alike or n_old == n_new or min(n_old, n_new) < 2:
        return old
    places = {}
    for name, place in old.places.items():
        layer = place.layer
        if layer is not None:
            at, rest = divmod(layer * (n_new - 1), n_old - 1)
            layer = _NOWHERE + layer if rest else at
        places[name] = replace(place, layer=layer)
    return replace(old, places=places)


def say_depths(matches: Sequence[Match], old: Side, new: Side) -> list[Match]:
    """The matches with the old side's own layers, and which of them met by depth."""
    said = []
    for match in matches:
        if match.old is None:
            said.append(match)
            continue
        place = old.places[match.old.name]
        if match.new is None:
            reason = match.reason
            if place.layer is not None:
                reason += f"; the other network has no layer as deep as {place.layer}"
            said.append(replace(match, location=place, reason=reason))
            continue
        here = new.places[match.new.name].layer
        if here is None or place.layer is None:
            said.append(match)
            continue
        text = f"by depth: layer {place.layer} of the old, {here} of the new"
        reason = "; ".join(filter(None, [match.reason, text]))
        said.append(replace(match, reason=reason))
    return said


def _n_layers(side: Side) -> int:
    layers = [p.layer for p in side.places.values() if p.layer is not None]
    return max(layers, default=-1) + 1 if side.only_stack is not None or layers else 0
