"""Which weights may be changed? Those a selector names, by tensor and magnitude."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from pipeline.errors import UsageError
from pipeline.perturb.scored import Array, to_numpy
from pipeline.perturb.tops import head_places
from pipeline.perturb.weights import Weight

_KEYS = ("component", "layer", "part", "head", "expert", "stack", "tensor")


@dataclass(frozen=True, eq=False)
class Candidates:
    """Weights that may be changed, one after another; `places` are None for whole ones.

    `strata` numbers each by its tensor and the decile of its magnitude there.
    """

    weights: tuple[Weight, ...]
    places: tuple[Array | None, ...]
    starts: Array
    strata: Array

    @property
    def n(self) -> int:
        return int(self.starts[-1])

    def gather(self, by_path: Mapping[str, Array]) -> Array:
        """One value per candidate from arrays by the parameter's path."""
        parts = [
            flat if inside is None else flat[inside]
            for one, inside in zip(self.weights, self.places, strict=True)
            for flat in [by_path[one.path].reshape(-1)]
        ]
        return np.concatenate(parts)

    def split(self, chosen: Array) -> Iterator[tuple[Weight, Array]]:
        """Chosen candidates by weight, as flat indices into it."""
        chosen = np.sort(chosen)
        edges = np.searchsorted(chosen, self.starts)
        for k, one in enumerate(self.weights):
            local = chosen[edges[k] : edges[k + 1]] - self.starts[k]
            inside = self.places[k]
            if len(local):
                yield one, local if inside is None else inside[local]


def find_candidates(weights: Sequence[Weight], selector: str = "") -> Candidates:
    """The weights that a selector names: `component=q,layer=3`; empty names all.

    Keys are component, layer, part, head, expert, stack and tensor (a pattern with *).
    Raises UsageError for an unknown key, and where nothing is left.
    """
    wanted = _parse(selector)
    kept, places = [], []
    for one in weights:
        if one.problem == "integer" or not _matches(one, wanted):
            continue
        inside = _inside(one, wanted)
        if inside is None or len(inside):
            kept.append(one)
            places.append(inside)
    if not kept:
        raise UsageError(
            f"no weight matches {selector!r}",
            fix="Look at components and layers in the table sensitivities",
        )
    strata, sizes = [], []
    for k, (one, inside) in enumerate(zip(kept, places, strict=True)):
        magnitudes = np.abs(to_numpy(one.parameter).reshape(-1))
        magnitudes = magnitudes if inside is None else magnitudes[inside]
        ranks = np.empty(len(magnitudes), np.int64)
        ranks[np.argsort(magnitudes, kind="stable")] = np.arange(len(magnitudes))
        strata.append((k * 10 + ranks * 10 // len(magnitudes)).astype(np.int32))
        sizes.append(len(magnitudes))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return Candidates(tuple(kept), tuple(places), starts, np.concatenate(strata))


@dataclass(frozen=True, eq=False)
class Strata:
    """Candidates in the order of their strata, to draw from each."""

    order: Array
    edges: Array

    def draw(self, counts: Array, rng: np.random.Generator) -> Array:
        """So many of each stratum, without replacement."""
        found = []
        for k in np.flatnonzero(counts):
            members = self.order[self.edges[k] : self.edges[k + 1]]
            found.append(rng.choice(members, counts[k], replace=False))
        return np.concatenate(found)


def make_strata(candidates: Candidates) -> Strata:
    order = np.argsort(candidates.strata, kind="stable")
    n = len(candidates.weights) * 10
    return Strata(order, np.searchsorted(candidates.strata[order], np.arange(n + 1)))


def _parse(selector: str) -> dict[str, str]:
    wanted = {}
    for part in filter(None, selector.split(",")):
        key, equals, value = part.partition("=")
        if not equals or key.strip() not in _KEYS:
            raise UsageError(
                f"{part!r} selects nothing",
                fix=f"Write KEY=VALUE with a KEY of {', '.join(_KEYS)}",
            )
        wanted[key.strip()] = value.strip()
    return wanted


def _matches(weight: Weight, wanted: Mapping[str, str]) -> bool:
    facts = {
        "component": weight.at.component,
        "layer": str(weight.at.layer),
        "expert": str(weight.at.expert),
        "stack": str(weight.at.stack),
    }
    pattern = wanted.get("tensor", "*")
    return fnmatchcase(weight.tensor, pattern) and all(
        wanted.get(key, value) == value for key, value in facts.items()
    )


def _inside(weight: Weight, wanted: Mapping[str, str]) -> Array | None:
    """Flat indices of the heads or parts that are wanted; None for the whole."""
    if "head" not in wanted and "part" not in wanted:
        return None
    found = [
        places.reshape(-1)
        for part, head, places in head_places(weight)
        if wanted.get("part", part) == part
        and wanted.get("head", str(head)) == str(head)
    ]
    return np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)
