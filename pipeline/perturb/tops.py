"""Which weights have the largest scores: of all, of a layer, of a head?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.perturb.scored import Array, Scored
from pipeline.perturb.weights import HeadPart, Weight
from pipeline.row import Row

Places = Array  # flat indices


@dataclass
class Tops:
    """The largest of one tensor's scores: where, and how large."""

    weight: Weight
    flat: Array
    scores: Array
    stderr: Array | None
    # (part, head) of each, and those of each head with their own ranks.
    heads: list[tuple[str, int] | None]
    head_ranks: dict[int, int]


def certain_magnitudes(found: Scored) -> tuple[Array, int]:
    """|s| as a flat array, −1 where it has no rank; and how many are uncertain.

    Scores that are not finite have none, nor have estimates within two standard errors
    of zero.
    """
    if found.values is None:
        raise ValueError(f"{found.weight.tensor} has no scores: {found.status}")
    magnitudes = np.abs(found.values.reshape(-1))
    bad = ~np.isfinite(magnitudes)
    n_uncertain = 0
    if found.stderr is not None:
        unsure = magnitudes < 2 * found.stderr.reshape(-1)
        n_uncertain = int(np.count_nonzero(unsure & ~bad))
        bad |= unsure
    magnitudes[bad] = -1
    return magnitudes, n_uncertain


def find_tops(found: Scored, magnitudes: Array, *, topk: int, head_topk: int) -> Tops:
    """The tensor's `topk` largest, and the `head_topk` of each head's part in it."""
    flat = largest(magnitudes, topk)
    at: dict[int, tuple[str, int]] = {}
    ranks: dict[int, int] = {}
    for part, head, places in head_places(found.weight):
        inside = places.reshape(-1)
        best = inside[largest(magnitudes[inside], head_topk)]
        ranks |= {one: rank for rank, one in enumerate(best.tolist(), 1)}
        for one in np.concatenate([best, flat[np.isin(flat, inside)]]).tolist():
            at[one] = (part, head)
    more = np.array([one for one in ranks if one not in set(flat.tolist())], np.int64)
    flat = np.concatenate([flat, more])
    scores = np.asarray(found.values).reshape(-1)[flat]
    stderr = None if found.stderr is None else found.stderr.reshape(-1)[flat]
    heads = [at.get(one) for one in flat.tolist()]
    return Tops(found.weight, flat, scores, stderr, heads, ranks)


def largest(magnitudes: Array, k: int) -> Places:
    """Indices of the k largest above zero, descending; ties by place."""
    k = min(k, magnitudes.size)
    if k == 0:
        return np.zeros(0, np.int64)
    edge = np.partition(magnitudes, magnitudes.size - k)[magnitudes.size - k]
    above = np.flatnonzero(magnitudes > edge)
    equal = np.flatnonzero(magnitudes == edge)[: k - above.size]
    chosen = np.concatenate([above, equal])
    chosen = chosen[magnitudes[chosen] > 0]
    order = np.lexsort((chosen, -magnitudes[chosen].astype(np.float64)))
    found: Array = chosen[order].astype(np.int64)
    return found


def head_places(weight: Weight) -> Iterator[tuple[str, int, Places]]:
    """Part, head and flat indices (rows, columns) of each head's part of a tensor."""
    if not weight.heads:
        return
    every = np.arange(weight.n_elements).reshape(tuple(weight.parameter.shape))
    for one in weight.heads:
        yield from _heads_of(one, every)


def _heads_of(one: HeadPart, every: Array) -> Iterator[tuple[str, int, Places]]:
    matrix = one.projection.view.of(every)
    axis = 0 if one.along_rows else 1
    for head, places in enumerate(np.split(matrix, one.n_heads, axis=axis)):
        yield one.part, head, places


def rank_tops(tops: Iterable[Tops], metric: str, topk: int) -> list[Row]:
    """Rows of `critical_weights` of one metric: what has a rank of any kind."""
    rows: list[Row] = []
    for one in tops:
        rows += [_row(one, k, metric) for k in range(len(one.flat))]
    rows.sort(key=lambda row: (-abs(row["score"]), row["tensor"], row["flat_index"]))
    by_layer: dict[Any, int] = defaultdict(int)
    for rank, row in enumerate(rows, 1):
        layer = (row["stack"], row["layer"])
        by_layer[layer] += 1
        in_layer = by_layer[layer]
        row["rank_global"] = rank if rank <= topk else None
        is_ranked = row["layer"] is not None and in_layer <= topk
        row["rank_layer"] = in_layer if is_ranked else None
    ranks = ("rank_global", "rank_layer", "rank_head")
    return [row for row in rows if any(row[name] is not None for name in ranks)]


def _row(tops: Tops, k: int, metric: str) -> Row:
    weight, flat = tops.weight, int(tops.flat[k])
    shape = tuple(weight.parameter.shape)
    head = tops.heads[k]
    return {
        **place_of(weight),
        "metric": metric,
        "part": None if head is None else head[0],
        "head": None if head is None else head[1],
        "flat_index": flat,
        "coordinates": [int(one) for one in np.unravel_index(flat, shape)],
        "value": float(weight.parameter.detach().reshape(-1)[flat]),
        "score": float(tops.scores[k]),
        "score_stderr": None if tops.stderr is None else float(tops.stderr[k]),
        "rank_head": tops.head_ranks.get(flat),
    }


def place_of(weight: Weight) -> Row:
    """The columns that say where a tensor sits."""
    at = weight.at
    return {
        "tensor": weight.tensor,
        "stack": at.stack,
        "layer": at.layer,
        "component": at.component,
        "expert": at.expert,
    }
