"""Where does a tensor of no known family sit? The words of its name say.

A word may mean something within an attention or an MLP alone, or in a network that has
attention: `q`, `fc2`, `norm1`. What a network has, its `Habits` say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from pipeline.components import OTHER, read_toml
from pipeline.layout.location import Location


@dataclass(frozen=True)
class Habits:
    """What a network has, by all its names: of use where one name says too little.

    `has_attention`, `has_cross`: in its blocks. `is_gated`: w3 stands beside w1 and w2.
    `embedding` is the shape of the token embedding, which a head of scores shares.
    """

    has_attention: bool = False
    has_cross: bool = False
    is_gated: bool = False
    embedding: tuple[int, ...] = ()


def read_habits(tensors: Iterable[tuple[str, tuple[int, ...]]]) -> Habits:
    """The habits of a network, from its tensors' paths and shapes."""
    words = _load_words()
    has_attention = has_cross = is_gated = False
    embedding: tuple[int, ...] = ()
    for path, shape in tensors:
        where = _surroundings(words, path)
        if words["block_regex"].search(path):
            has_attention = has_attention or where == "attention"
            has_cross = has_cross or where == "cross"
        is_gated = is_gated or (where == "mlp" and ".w3." in path)
        place = locate_by_words(path, shape)
        if place.component == "token_embedding" and len(shape) == 2:
            embedding = shape
    return Habits(has_attention, has_cross, is_gated, embedding)


def locate_by_words(
    path: str,
    shape: tuple[int, ...],
    parameter: str | None = None,
    habits: Habits = Habits(),
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
    is_block = len(words["block_regex"].findall(path)) == 1
    if component in (OTHER, "norm") and parameter is None:
        found = _by_surroundings(words, module, shape, habits, is_block=is_block)
        is_fused_norm = last in words["bare"] and component == "norm"
        if is_fused_norm:  # Megatron's norm in the layer that it comes before
            where = _surroundings(words, path)
            found = {"attention": "attention_norm", "mlp": "mlp_norm"}.get(where)
        component = found or component
    parts = path.split(".")
    stack = next((part for part in parts[:2] if part in words["stacks"]), None)
    blocks = words["block_regex"].findall(path)
    layer = int(blocks[0]) if len(blocks) == 1 else None
    expert = re.search(r"(?:^|\.)experts\.([0-9]{1,6})\.", path)
    return Location(stack, layer, component, named, int(expert[1]) if expert else None)


def _by_surroundings(
    words: dict[str, Any],
    module: str,
    shape: tuple[int, ...],
    habits: Habits,
    *,
    is_block: bool,
) -> str | None:
    """What a module is by its own name and by the module that it lies in."""
    around, _, leaf = module.rpartition(".")
    if leaf.isdecimal() and around.rpartition(".")[2] in words["attention"]:
        leaf = around.rpartition(".")[2]  # to_out.0, before its dropout
    where = _surroundings(words, f"{around}.x")
    if where in ("attention", "cross") and leaf in words["attention"]:
        return str(words[where if where == "cross" else "attention"][leaf])
    if where == "mlp":
        return _of_mlp(words, leaf, shape, habits)
    if not habits.has_attention:
        return None
    if is_block:
        known = words["block"].get(leaf)
        # Between attention and MLP there is one more norm in a decoder.
        is_certain = known != "mlp_norm" or not habits.has_cross
        return known if known and is_certain else None
    if leaf in words["final"]:
        return "final_norm"
    is_head = leaf in words["heads"] and shape == habits.embedding != ()
    return "unembedding" if is_head else None


def _of_mlp(
    words: dict[str, Any], leaf: str, shape: tuple[int, ...], habits: Habits
) -> str | None:
    known = words["mlp"].get(leaf)
    is_matrix = len(shape) == 2
    if known == "gate" and is_matrix and shape[0] < shape[1]:
        return "router"  # a row an expert
    if leaf in ("w1", "w3"):
        return {"w1": "gate", "w3": "up"}[leaf] if habits.is_gated else "up"
    if (leaf.isdecimal() or leaf == "proj") and is_matrix and shape[0] != shape[1]:
        return "up" if shape[0] > shape[1] else "down"
    return str(known) if known else None


def _surroundings(words: dict[str, Any], path: str) -> str:
    """attention, cross or mlp: the innermost module around a tensor that says so."""
    for part in reversed(path.split(".")[:-1]):
        for where in ("cross", "attention", "mlp"):
            if any(fnmatchcase(part, word) for word in words["around"][where]):
                return where
    return ""


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
    words["cross"] = {k: f"cross_{v}" for k, v in words["attention"].items()}
    words["block_regex"] = re.compile(
        rf"(?:^|(?<=\.))(?:{blocks})\.([0-9]{{1,6}})(?=\.)"
    )
    return words
