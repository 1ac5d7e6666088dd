"""Which rows of tables follow from what is kept of each head?"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.metrics.attention.heads import agreements, describe_heads
from pipeline.metrics.attention.sums import N_BINS, HeadSums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.probes.attention.effects import HeadEffects
    from pipeline.probes.attention.place import Place

Row = dict[str, Any]


def head_tables(
    sums: Mapping[Place, HeadSums],
    modules: Mapping[Place, str],
    capture: str,
    effects: HeadEffects,
) -> dict[str, list[Row]]:
    """`attention_heads` and `attention_maps`, without whose they are."""
    alike = _agreements(sums, modules)
    heads = [
        _at(place, modules)
        | row
        | {"capture": capture}
        | alike.get((place, row["head"]), {})
        | effects.of(place, row["head"])
        for place, row in describe_heads(sums)
    ]
    maps = [
        _at(place, modules) | {"head": head, "n_bins": N_BINS, "weights": weights}
        for place, one in sums.items()
        for head, weights in enumerate(_maps(one))
    ]
    return {"attention_heads": heads, "attention_maps": maps}


def _at(place: Place, modules: Mapping[Place, str]) -> Row:
    module = modules[place]
    return {
        "module": module,
        "stack": None if place.stack == module else place.stack,
        "layer": place.layer,
        "attention": place.attention,
    }


def _maps(sums: HeadSums) -> list[list[float] | None]:
    """Maps of the heads, flat; None where weights are not finite."""
    flat = sums.map().reshape(sums.n_heads, -1)
    is_broken = [not np.isfinite(one).all() for one in sums.binned]
    known = np.nan_to_num(flat, nan=0.0)
    return [
        None if broken or not sums.n_queries else row.tolist()
        for row, broken in zip(known, is_broken, strict=True)
    ]


def _agreements(
    sums: Mapping[Place, HeadSums], modules: Mapping[Place, str]
) -> dict[tuple[Place, int], Row]:
    """To each head the one that looks most alike, among those with the same texts."""
    groups: dict[tuple[str | None, str], dict[Place, HeadSums]] = defaultdict(dict)
    for place, one in sums.items():
        stack = None if place.layer is None else place.stack
        groups[stack, place.attention][place] = one
    return {
        key: {
            "nearest_module": modules[other],
            "nearest_layer": other.layer,
            "nearest_head": head,
            "agreement": affinity if np.isfinite(affinity) else None,
        }
        for group in groups.values()
        for key, (other, head, affinity) in agreements(group).items()
    }
