"""Which checkpoint was made from which? A forest over a zoo, and what edges rest on.

What is stated comes first: a step comes from the step before, an adapter from its base.
Copies, rounded or not, hang on their originals. The rest are the shortest edges that
join kin. An edge has a direction where there is evidence, or where the tree leaves one
way only: nobody has two parents.
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

# Distances are estimated; a twentieth more or less is the same.
_ALIKE = 0.05

# From what was stated to what is only likely.
_STRENGTH = ("steps", "declared", "rounded", "pruned", "untrained", "growth")


@dataclass(frozen=True)
class Edge:
    """Between two checkpoints; `pair` is its place in the kinship, if it has one.

    `sign` is +1 where `a` came first, −1 where `b` did, 0 where nothing says.
    """

    a: int
    b: int
    sign: int
    evidence: Evidence
    pair: int | None


@dataclass(frozen=True)
class Node:
    """A checkpoint's place: its tree and level there, its parent and the edge to it.

    Where the edge's evidence is "undecided", the parent is a neighbour, and no more.
    `margin` says how much farther the next possible parent is, if there is one.
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

    `previous` and `base` hold, by checkpoint, the one that steps or a config state to
    be its parent, −1 for none; a step that is no kin of the one before stands alone.
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
    # A copy hangs on its original, and nothing hangs on it that does not say so.
    forest = list(_span(n, [*stated, *of_copies, *of_originals]))
    return _hedged(list(_walk(n, _orient(n, forest))), kinship, previous)


def _shortest_first(kinship: Kinship) -> Ints:
    """Pairs by distance; of those alike, the one with more to compare."""
    with np.errstate(divide="ignore"):
        alike = np.round(np.log(kinship.distance) / _ALIKE)
    keys = (kinship.b, kinship.a, kinship.distance, -kinship.n_elements, alike)
    return np.lexsort(keys)


def _hedged(nodes: list[Node], kinship: Kinship, previous: Ints) -> list[Node]:
    """With margins; where another might be the parent, nothing is decided."""
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
            # What the tree implies rests on the parent's having a parent of its own.
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
    """From the step before, else from the base, but for those measured as strangers.

    A base that has no tensor to compare, as a model has none of its adapter's, is one
    all the same.
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
    """Directions that the tree implies: who has a parent is the parent elsewhere.

    Where two edges claim one child, the one that rests on more keeps its word and the
    other has none. Where both ends have parents, two lines meet: the edge is left out.
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
        # One at a time: two edges may meet in the one that had no parent yet.
        edge = forced[0]
        waiting.remove(edge)
        sign = 1 if has_parent[edge.a] else -1
        has_parent[edge.a] = has_parent[edge.b] = True
        evidence: Evidence = "undecided" if edge.sign else "tree"
        done.append(replace(edge, sign=sign, evidence=evidence))
    return done + [edge for edge in waiting if not has_parent[edge.a]]


def _walk(n: int, edges: list[Edge]) -> Iterator[Node]:
    """From the root of each tree down: who is no decided edge's child, the first."""
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
    """One a tree: of those without a decided parent the first."""
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
