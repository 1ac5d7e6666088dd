"""Which checkpoint was made from which? A forest over a zoo, and what edges rest on.

Stated parents come first: a step comes from the step before, an adapter from its base.
Copies, rounded or not, are children of their originals. The other edges are the
shortest that join kin. An edge has a direction where there is evidence for one, or
where the tree leaves only one, because a checkpoint has at most one parent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.copies import find_copies
from pipeline.analysis.directions import Evidence, directions, relations
from pipeline.analysis.kinship import Kinship
from pipeline.analysis.margins import CLEAR_MARGIN, parent_margins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Distances are estimates; differences of a twentieth are ignored.
_ALIKE = 0.05

# From stated evidence to what is only likely.
_STRENGTH = ("steps", "declared", "rounded", "pruned", "untrained", "growth")


@dataclass(frozen=True)
class Edge:
    """An edge between two checkpoints; `pair` is its place in the kinship, or None.

    `sign` is +1 where `a` came first, −1 where `b` did, 0 where there is no evidence.
    """

    a: int
    b: int
    sign: int
    evidence: Evidence
    pair: int | None


@dataclass(frozen=True)
class Node:
    """A checkpoint's place: its tree and level there, its parent and the edge to it.

    Where the edge's evidence is "undecided", the parent is only a neighbour. `margin`
    is the ratio of the distance of the next possible parent to that of the parent, if
    any.
    """

    checkpoint: int
    tree: int
    level: int
    parent: int | None = None
    edge: Edge | None = None
    margin: float | None = None


def build_lineage(
    kinship: Kinship, previous: Ints, base: Ints, noise_fraction: Floats
) -> list[Node]:
    """Every checkpoint once, parents before children, trees in order of their roots.

    `previous` and `base` hold, by checkpoint, the parent that steps or a config state,
    −1 for none; a step that is not kin of the step before has no parent.
    """
    relation = relations(kinship)
    sign, evidence = directions(kinship, relation, noise_fraction, previous)
    edges = [
        Edge(int(kinship.a[i]), int(kinship.b[i]), int(sign[i]), evidence[i], i)
        for i in _shortest_first(kinship).tolist()
        if relation[i] != "stranger"
    ]
    n = previous.size
    stated = list(_stated(kinship, edges, previous, base))
    copies = find_copies(kinship, relation, sign, (previous >= 0) | (base >= 0))
    of_copies = [e for e in edges if copies.get(e.a) == e.b or copies.get(e.b) == e.a]
    of_originals = [e for e in edges if e.a not in copies and e.b not in copies]
    # A copy is joined to its original, and only children that state it are joined to a
    # copy.
    forest = list(_span(n, [*stated, *of_copies, *of_originals]))
    return _hedged(list(_walk(n, _orient(n, forest))), kinship, previous)


def _shortest_first(kinship: Kinship) -> Ints:
    """Pairs by distance; of similar distances, the pair with more to compare first."""
    with np.errstate(divide="ignore"):
        alike = np.round(np.log(kinship.distance) / _ALIKE)
    keys = (kinship.b, kinship.a, kinship.distance, -kinship.n_elements, alike)
    return np.lexsort(keys)


def _hedged(nodes: list[Node], kinship: Kinship, previous: Ints) -> list[Node]:
    """The nodes with margins; undecided where another checkpoint may be the parent."""
    walk = [
        (node.checkpoint, node.level, -1 if node.parent is None else node.parent)
        for node in nodes
    ]
    margins = parent_margins(kinship, walk, previous)
    undecided: set[int] = set()
    hedged = []
    for node in nodes:
        margin = float(margins[node.checkpoint])
        edge = node.edge
        if edge and edge.evidence in ("growth", "tree"):
            # An edge implied by the tree holds only if the parent's own parent is
            # decided.
            is_adrift = edge.evidence == "tree" and node.parent in undecided
            if margin < CLEAR_MARGIN or is_adrift:
                edge = replace(edge, evidence="undecided")
        if edge and edge.evidence == "undecided":
            undecided.add(node.checkpoint)
        shown = margin if np.isfinite(margin) else None
        hedged.append(replace(node, edge=edge, margin=shown))
    return hedged


def _stated(
    kinship: Kinship, kin: list[Edge], previous: Ints, base: Ints
) -> Iterator[Edge]:
    """Edges from the step before, else from the base, except to measured strangers.

    A model and its adapter share no tensor to compare; the base is still the parent.
    """
    compared = set(zip(kinship.a.tolist(), kinship.b.tolist(), strict=True))
    pairs = {(edge.a, edge.b): edge.pair for edge in kin}
    for child in range(previous.size):
        of_child: tuple[tuple[int, Evidence], ...] = (
            (int(previous[child]), "steps"),
            (int(base[child]), "declared"),
        )
        for parent, evidence in of_child:
            a, b = min(parent, child), max(parent, child)
            if parent >= 0 and ((a, b) in pairs or (a, b) not in compared):
                sign = 1 if a == parent else -1
                yield Edge(a, b, sign, evidence, pairs.get((a, b)))
                break


def _span(n: int, edges: list[Edge]) -> Iterator[Edge]:
    """Kruskal: the first edges in order that close no circle."""
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for edge in edges:
        a, b = find(edge.a), find(edge.b)
        if a != b:
            root[a] = b
            yield edge


def _orient(n: int, forest: list[Edge]) -> list[Edge]:
    """Directions that the tree implies: a checkpoint with a parent has only children.

    Where two edges give one child two parents, the edge with the stronger evidence
    keeps its direction and the other loses it. An edge whose ends both have parents is
    dropped.
    """
    has_parent = [False] * n
    done: list[Edge] = []
    waiting = [edge for edge in forest if not edge.sign]
    decided = [edge for edge in forest if edge.sign]
    for edge in sorted(decided, key=lambda edge: _STRENGTH.index(edge.evidence)):
        child = edge.b if edge.sign > 0 else edge.a
        if has_parent[child]:
            waiting.append(edge)
        else:
            has_parent[child] = True
            done.append(edge)
    while forced := [e for e in waiting if has_parent[e.a] != has_parent[e.b]]:
        # One edge at a time: two edges may meet in a checkpoint that had no parent
        # before.
        edge = forced[0]
        waiting.remove(edge)
        sign = 1 if has_parent[edge.a] else -1
        has_parent[edge.a] = has_parent[edge.b] = True
        evidence: Evidence = "undecided" if edge.sign else "tree"
        done.append(replace(edge, sign=sign, evidence=evidence))
    return done + [edge for edge in waiting if not has_parent[edge.a]]


def _walk(n: int, edges: list[Edge]) -> Iterator[Node]:
    """Each tree from its root down: the first checkpoint that has no decided parent."""
    beside: dict[int, list[Edge]] = defaultdict(list)
    children = set()
    for edge in edges:
        beside[edge.a].append(edge)
        beside[edge.b].append(edge)
        if edge.sign:
            children.add(edge.b if edge.sign > 0 else edge.a)
    seen: set[int] = set()
    for tree, root in enumerate(_roots(n, beside, children)):
        waiting = [Node(root, tree, 0)]
        while waiting:
            node = waiting.pop()
            seen.add(node.checkpoint)
            yield node
            found = [
                Node(other, tree, node.level + 1, node.checkpoint, edge)
                for edge in beside[node.checkpoint]
                for other in {edge.a, edge.b} - seen
            ]
            waiting += sorted(found, key=lambda each: -each.checkpoint)


def _roots(n: int, beside: dict[int, list[Edge]], children: set[int]) -> Iterator[int]:
    """One root per tree: the first checkpoint without a decided parent."""
    seen: set[int] = set()
    for first in range(n):
        if first in seen:
            continue
        members, waiting = set(), [first]
        while waiting:
            i = waiting.pop()
            members.add(i)
            waiting += [j for e in beside[i] for j in (e.a, e.b) if j not in members]
        seen |= members
        yield min(members - children or members)
