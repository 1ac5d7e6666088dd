"""Which families of networks are known, and how does each name its tensors?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.components import read_toml

UNKNOWN = "unknown"
_NUMBER = re.compile(r"\d+")
_PLACEHOLDER = re.compile(r"\\{(layer|expert|stage|block)\\}")
_ANY_NUMBER = r"\{n\}"
# No network has a million blocks: a longer number in a name is not an index.
_INDEX = "[0-9]{1,6}"
# Parts of one weight that quantisers store separately: weight.absmax, …
_SUBTENSOR = re.compile(r"^(.+)\.((?:weight|bias)\.[^.]+(?:\.[^.]+)*)$")


@dataclass(frozen=True)
class Role:
    """One line of `[modules]`: a pattern of names, and their component.

    A line of `[only.STACK]` matches only in that stack.
    """

    pattern: str
    component: str
    parameter: str | None
    stack: str | None
    regex: re.Pattern[str] = field(repr=False)

    @property
    def is_in_block(self) -> bool:
        return "{layer}" in self.pattern or "{block}" in self.pattern


@dataclass(frozen=True)
class Match:
    """The place of one name in a family."""

    role: Role
    stack: str | None
    parameter: str
    layer: int | None = None
    expert: int | None = None
    stage: int | None = None
    block: int | None = None


@dataclass(frozen=True)
class Family:
    """One file of patterns/: docs/architectures.md says what each field means."""

    name: str
    title: str
    model_types: tuple[str, ...]
    prefixes: tuple[tuple[str, str | None], ...]
    roles: Mapping[str, tuple[Role, ...]] = field(repr=False)
    splits: Mapping[str, str]
    transposed: frozenset[str]
    transposed_experts: bool
    requires: frozenset[str]
    ratios: Mapping[str, tuple[int, int]]
    kv_heads: tuple[Mapping[str, Any], ...]
    dimensions: Mapping[str, Sequence[str]]
    ancestors: tuple[str, ...]

    @property
    def n_patterns(self) -> int:
        return sum(len(roles) for roles in self.roles.values())

    @property
    def only_stack(self) -> str | None:
        """The stack of every tensor; null if there are several or none."""
        stacks = {stack for _, stack in self.prefixes}
        return stacks.pop() if len(stacks) == 1 else None

    def match(self, path: str, parameter: str | None = None) -> Match | None:
        """Place `path`; its last part is the parameter unless `parameter` is given."""
        for prefix, stack in self.prefixes:
            if path.startswith(prefix):
                found = self._match_stripped(path[len(prefix) :], parameter, stack)
                if found:
                    role, named, indices = found
                    return Match(role, stack, role.parameter or named, **indices)
        return None

    def _match_stripped(
        self, path: str, parameter: str | None, stack: str | None
    ) -> tuple[Role, str, dict[str, int]] | None:
        for module, named in _readings(path, parameter):
            for role in self.roles.get(skeleton(module), ()):
                fits = role.regex.fullmatch(module)
                if fits and role.stack in (None, stack):
                    indices = {k: int(v) for k, v in fits.groupdict().items()}
                    return role, named, indices
        return None


@cache
def load_families() -> Mapping[str, Family]:
    """Every family by name, `unknown` included."""
    folder = files("pipeline.layout").joinpath("patterns")
    names = sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )
    return {name: _load_family(name) for name in names}


def skeleton(path: str) -> str:
    """The path with every number replaced: all blocks share one skeleton."""
    return _NUMBER.sub("#", path)


def _readings(path: str, parameter: str | None) -> list[tuple[str, str]]:
    if parameter:
        return [(path, parameter)]
    readings = [(path, "weight")]
    module, dot, last = path.rpartition(".")
    if dot:
        readings.append((module, last))
    part = _SUBTENSOR.match(path)
    if part:
        readings.append((part[1], part[2]))
    return readings


def _load_family(name: str) -> Family:
    data = read_toml("pipeline.layout", f"patterns/{name}.toml")
    chain, names = [data], [name]
    while "extends" in chain[0]:
        names.insert(0, chain[0]["extends"])
        chain.insert(0, read_toml("pipeline.layout", f"patterns/{names[0]}.toml"))
    prefixes = _merge(chain, "prefixes") or {"": ""}
    return Family(
        name=name,
        title=data["title"],
        model_types=tuple(data["model_types"]),
        prefixes=tuple(
            (prefix, stack or None)
            for prefix, stack in sorted(prefixes.items(), key=lambda kv: -len(kv[0]))
        ),
        roles=_index_roles(_merge(chain, "modules"), _merge(chain, "only")),
        splits=_merge(chain, "splits"),
        transposed=frozenset(data.get("transposed", ())),
        transposed_experts=data.get("transposed_experts", False),
        requires=frozenset(data.get("requires", ())),
        ratios={k: tuple(v) for k, v in data.get("ratios", {}).items()},
        kv_heads=tuple(data.get("kv_heads", ())),
        dimensions=_merge(chain, "dimensions"),
        ancestors=tuple(names[:-1]),
    )


def _merge(chain: Sequence[Mapping[str, Any]], table: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for data in chain:
        merged.update(data.get(table, {}))
    return merged


def _index_roles(
    modules: Mapping[str, str], only: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[Role, ...]]:
    """Roles by skeleton, so that a name is compared with few patterns, not all."""
    lines: list[tuple[str, str, str | None]] = [
        (pattern, value, None) for pattern, value in modules.items()
    ]
    lines += [
        (pattern, value, stack)
        for stack, patterns in only.items()
        for pattern, value in patterns.items()
    ]
    index: dict[str, tuple[Role, ...]] = {}
    for pattern, value, stack in lines:
        component, _, parameter = value.partition(".")
        regex = re.compile(
            _PLACEHOLDER.sub(rf"(?P<\1>{_INDEX})", re.escape(pattern)).replace(
                _ANY_NUMBER, _INDEX
            )
        )
        role = Role(pattern, component, parameter or None, stack, regex)
        key = skeleton(re.sub(r"\{\w+\}", "#", pattern))
        index[key] = (*index.get(key, ()), role)
    return index
