"""Which components are there, and how may each be viewed as a matrix?"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

OTHER = "other"


@dataclass(frozen=True)
class Component:
    """A word of the vocabulary; components.toml says what each field means."""

    name: str
    meaning: str
    category: str
    about: str = ""
    step: str = ""
    norm_of: tuple[str, ...] = ()
    inner_norm_of: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    kernel: str = ""
    experts: bool = False
    outside: bool = False
    stream: Literal["", "reads", "writes"] = ""
    tokens: bool = False
    added: bool = False
    heads: Literal["", "query", "key"] = ""
    rotates: bool = False
    computed: bool = False
    norm: bool = False
    hidden: bool = False
    matrix: bool = True
    why: str = ""


@cache
def load_components() -> Mapping[str, Component]:
    """Every component by name, in the order of components.toml."""
    return {
        name: Component(name, **_completed(fields))
        for name, fields in read_toml("pipeline", "components.toml").items()
    }


def names_where(holds: Callable[[Component], object]) -> tuple[str, ...]:
    """The names of the components of which this holds, in their order."""
    return tuple(word.name for word in load_components().values() if holds(word))


def _completed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples, and for a normalisation why it is no matrix."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    is_norm = values.get("norm", False)
    return values | ({"matrix": False, "why": "normalisation"} if is_norm else {})


@cache
def read_toml(package: str, name: str) -> dict[str, Any]:
    """A TOML file that a package carries, also in a wheel."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)
