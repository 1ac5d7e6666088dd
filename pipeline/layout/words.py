"""Where does a tensor of no known family sit? The words of its name say."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from pipeline.components import OTHER, read_toml
from pipeline.layout.location import Location


def locate_by_words(
    path: str, shape: tuple[int, ...], parameter: str | None = None
) -> Location:
    """The location by the words of the name; `other` where none is known."""
    words = _load_words()
    module, _, last = path.rpartition(".")
    component, named = _find_component(
        words, path, module=module, last=last, parameter=parameter
    )
    if component == OTHER and named == "weight" and len(shape) in (4, 5):
        # Only convolutions have weights of four or five dimensions.
        component = "conv"
    parts = path.split(".")
    stack = next((part for part in parts[:2] if part in words["stacks"]), None)
    blocks = words["block_regex"].findall(path)
    layer = int(blocks[0]) if len(blocks) == 1 else None
    expert = re.search(r"(?:^|\.)experts\.([0-9]{1,6})\.", path)
    return Location(stack, layer, component, named, int(expert[1]) if expert else None)


def _find_component(
    words: dict[str, Any], path: str, *, module: str, last: str, parameter: str | None
) -> tuple[str, str]:
    if parameter:
        return _word_of(words, path) or OTHER, parameter
    if last in words["bare"]:
        component, _, named = words["bare"][last].partition(".")
        within = _refuse(words, component, module)
        return (OTHER if within else component), named
    component = _word_of(words, module) if module else None
    if component:
        return component, last
    whole = _word_of(words, path)  # a bare parameter: experts.down_proj
    return (whole, "weight") if whole else (OTHER, last)


def _word_of(words: dict[str, Any], module: str) -> str | None:
    leaf = module.rpartition(".")[2]
    for word, component in words["modules"].items():
        if fnmatchcase(leaf, word):
            return None if _refuse(words, component, module) else str(component)
    return None


def _refuse(words: dict[str, Any], component: str, module: str) -> bool:
    around = module.split(".")[:-1]
    refused = words["not_within"].get(component, ())
    return any(fnmatchcase(part, word) for part in around for word in refused)


@cache
def _load_words() -> dict[str, Any]:
    words = read_toml("pipeline.layout", "words.toml")
    blocks = "|".join(map(re.escape, words["blocks"]))
    words["block_regex"] = re.compile(
        rf"(?:^|(?<=\.))(?:{blocks})\.([0-9]{{1,6}})(?=\.)"
    )
    return words
