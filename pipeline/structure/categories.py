"""Under which heading is a component listed, and how is it described?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pipeline.components import OTHER, load_components, read_toml


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
    words = load_components().values()
    return {
        name: Category(
            name,
            **fields,
            components=tuple(w.name for w in words if w.category == name),
        )
        for name, fields in read_toml("pipeline.structure", "categories.toml").items()
    }


def category_of(component: str) -> Category:
    """The heading that a component is under."""
    word = load_components().get(component)
    return load_categories()[word.category if word else OTHER]


def describe_component(component: str) -> str:
    """The meaning of a component, in a sentence or two."""
    word = load_components().get(component)
    if word is None:  # a warehouse of another version may have other components
        return "A component that this version has no words for."
    if word.about:
        return word.about
    meaning = word.meaning
    return f"{meaning[0].upper()}{meaning[1:]}."
