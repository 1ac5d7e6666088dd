"""Which components are there, and how may each be viewed as a matrix?"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
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
    parts: tuple[str, ...] = ()
    kernel: str = ""
    experts: bool = False
    outside: bool = False
    matrix: bool = True
    why: str = ""
    stream: Literal["", "reads", "writes"] = ""


@cache
def load_components() -> Mapping[str, Component]:
    """Every component by name, in the order of components.toml."""
    return {
        name: Component(name, **{**fields, "parts": tuple(fields.get("parts", ()))})
        for name, fields in read_data("components.toml").items()
    }


def read_data(name: str) -> dict[str, Any]:
    """One of this package's TOML files, which the wheel contains."""
    text = files("pipeline.layout").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)
