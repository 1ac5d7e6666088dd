"""How is a structure written for the page? Equal roles once, tensors as numbers.

Layers of one shape share the entries of `kinds`. A tensor is written as its kind and
the numbers in its name, so that a page grows little with the depth of a model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.structure import Structure, count, trace_flow, walk_tensors
from pipeline.structure.as_json import sum_by_category
from pipeline.structure.tree import Tensor

Json = dict[str, Any]

_PLACES = ("input", "block", "output")
_NULL = -1
# Longer parts of a config are label tables and do not describe the architecture.
_MOST_CONFIG_CHARACTERS = 160


def pack(structure: Structure, classes: dict[str, int]) -> Json:
    """The structure as compact JSON; new class names are added to `classes`.

    `tensors` are rows of kind, place, layer, expert and the numbers between the parts
    of the kind's name; -1 stands for none.
    """
    kinds: dict[tuple[Any, ...], int] = {}
    tensors, aliases, reasons = [], {}, {}
    for index, (place, tensor) in enumerate(_placed(structure)):
        parts, numbers = split_name(tensor.name)
        kind = kinds.setdefault(_kind(tensor, parts, classes), len(kinds))
        layer, expert = tensor.location.layer, tensor.location.expert
        tensors.append([kind, place, _or_none(layer), _or_none(expert), *numbers])
        if tensor.alias_of:
            aliases[str(index)] = [tensor.alias_of, int(tensor.is_tied)]
        if tensor.reason:
            reasons[str(index)] = tensor.reason
    return {
        "name": structure.name,
        "revision": structure.revision,
        "family": structure.family,
        "architecture": structure.architecture,
        "kind": structure.kind,
        "source": _without_folders(structure.source),
        "sizes": structure.sizes,
        "config": _small(structure.config),
        "notes": list(structure.notes),
        **asdict(count(structure)),
        "categories": sum_by_category(structure),
        "flow": [asdict(stack) for stack in trace_flow(structure)],
        "kinds": [list(kind) for kind in kinds],
        "tensors": tensors,
        "aliases": aliases,
        "reasons": reasons,
    }


def split_name(name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """`h.3.q` as (`h.`, `.q`) and (3,): the parts around numbers that stand alone.

    Numbers such as `007` and `conv1` are not split off, so that joining restores the
    name.
    """
    parts, numbers, text = [], [], ""
    pieces = name.split(".")
    for place, piece in enumerate(pieces):
        dot = "." if place else ""
        is_number = piece.isdecimal() and piece.isascii() and len(piece) < 7
        if is_number and str(int(piece)) == piece:
            parts.append(text + dot)
            numbers.append(int(piece))
            text = ""
        else:
            text += dot + piece
    return (*parts, text), tuple(numbers)


def _placed(structure: Structure) -> list[tuple[int, Tensor]]:
    return [
        (_PLACES.index(layer.place), tensor)
        for stack in structure.stacks
        for layer in stack.layers
        for tensor in walk_tensors(layer)
    ]


def _kind(
    tensor: Tensor, parts: tuple[str, ...], classes: dict[str, int]
) -> tuple[Any, ...]:
    location = tensor.location
    flags = location.is_buffer + 2 * tensor.is_trainable + 4 * location.is_transposed
    chain = tuple(classes.setdefault(name, len(classes)) for name in tensor.classes)
    return (
        parts,
        location.stack,
        location.component,
        location.parameter,
        tensor.shape,
        tensor.dtype,
        tensor.n_bytes,
        flags,
        chain,
    )


def _or_none(number: int | None) -> int:
    return _NULL if number is None else number


def _without_folders(source: str) -> str:
    """The hub's name, or the last part of a path: a page sent on shows no folders."""
    return Path(source).name if Path(source).is_absolute() else source


def _small(config: Mapping[str, Any]) -> Json:
    """The config without nulls, tables of labels and long lists.

    Infinity, which some configs hold, is not valid JSON and is written as text.
    """
    texts = {key: json.dumps(value, default=str) for key, value in config.items()}
    return {
        key: json.loads(text, parse_constant=str)
        for key, text in texts.items()
        if text != "null" and len(text) <= _MOST_CONFIG_CHARACTERS
    }
