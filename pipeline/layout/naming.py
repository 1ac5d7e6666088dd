"""What is a tensor's name without wrappers, adapters and towers?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pipeline.components import read_toml


@dataclass(frozen=True)
class Tower:
    """A whole network inside another, by the prefix of its names; "" is the outer."""

    prefix: str = ""
    stack: str | None = None
    config_key: str = ""


@dataclass(frozen=True)
class Name:
    """A name inside its tower; `parameter` is set if an adapter's ending names it."""

    path: str
    tower: Tower
    parameter: str | None = None


@dataclass(frozen=True)
class _Rules:
    wrappers: tuple[str, ...]
    infixes: re.Pattern[str]
    towers: tuple[Tower, ...]
    adapters: tuple[tuple[re.Pattern[str], str], ...]


_OUTER = Tower()


def clean_name(name: str) -> Name:
    """`base_model.model.encoder.x.lora_A.weight` → `encoder.x`, parameter `lora_a`."""
    rules = _load_rules()
    path, parameter = name, None
    for ending, meaning in rules.adapters:
        found = ending.search(path)
        if found:
            path, parameter = path[: found.start()], meaning
            break
    path = _strip_wrappers(rules.infixes.sub("", path), rules.wrappers)
    for tower in rules.towers:
        if path.startswith(tower.prefix):
            return Name(path[len(tower.prefix) :], tower, parameter)
    return Name(path, _OUTER, parameter)


def _strip_wrappers(path: str, wrappers: tuple[str, ...]) -> str:
    while True:
        wrapper = next((w for w in wrappers if path.startswith(w)), "")
        if not wrapper or wrapper == path:
            return path
        path = path[len(wrapper) :]


@cache
def _load_rules() -> _Rules:
    data = read_toml("pipeline.layout", "naming.toml")
    towers = [
        Tower(prefix, tower["stack"], tower["config"])
        for tower in data["towers"]
        for prefix in tower["prefixes"]
    ]
    return _Rules(
        wrappers=tuple(data["wrappers"]),
        infixes=re.compile("|".join(data["infixes"])),
        towers=tuple(sorted(towers, key=lambda t: -len(t.prefix))),
        adapters=tuple(
            (re.compile(rule["ending"] + "$"), rule["parameter"])
            for rule in data["adapters"]
        ),
    )
