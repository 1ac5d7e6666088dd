"""Under which heading is a component listed, and how is it described?"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pipeline.layout import load_components


@dataclass(frozen=True)
class Category:
    """A heading; `place` is the place of its components outside the blocks."""

    name: str
    title: str
    about: str
    place: Literal["input", "output"]
    components: tuple[str, ...]


@cache
def load_categories() -> Mapping[str, Category]:
    """Every category by name, in the order they are shown in."""
    return {
        name: Category(name, **{**fields, "components": tuple(fields["components"])})
        for name, fields in read_data("categories.toml")["categories"].items()
    }


def category_of(component: str) -> Category:
    """The heading that a component is under."""
    return _by_component().get(component) or load_categories()["other"]


def describe_component(component: str) -> str:
    """The meaning of a component, in a sentence or two."""
    about: str | None = read_data("categories.toml")["about"].get(component)
    if about:
        return about
    word = load_components().get(component)
    if word is None:  # a warehouse of another version may have other components
        return "A component that this version has no words for."
    meaning = word.meaning
    return f"{meaning[0].upper()}{meaning[1:]}."


@cache
def read_data(name: str) -> dict[str, Any]:
    """One of this package's TOML files."""
    text = files("pipeline.structure").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _by_component() -> Mapping[str, Category]:
    return {
        component: category
        for category in load_categories().values()
        for component in category.components
    }
