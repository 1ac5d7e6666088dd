"""Which class made each tensor? Found by making the config's model without memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from pipeline.errors import SourceError
from pipeline.layout.naming import clean_name
from pipeline.structure.config import make_module
from pipeline.structure.grow import grow
from pipeline.structure.module import class_chains
from pipeline.structure.tree import Structure, walk_tensors


def with_classes(structure: Structure) -> Structure:
    """The structure with the classes of transformers that its config names.

    Unchanged where the config has no model_type; a note says why transformers cannot
    make the model.
    """
    if not isinstance(structure.config.get("model_type"), str):
        return structure
    try:
        chains, prefix = _find_classes(json.dumps(structure.config, default=str))
    except SourceError as error:
        note = f"classes are not shown: {error.what}"
        return replace(structure, notes=(*structure.notes, note))
    tensors = [
        replace(tensor, classes=_chain(tensor.name, chains, prefix))
        for tensor in walk_tensors(structure)
    ]
    return replace(structure, stacks=grow(tensors))


@cache
def _find_classes(config: str) -> tuple[Mapping[str, tuple[str, ...]], str]:
    """Classes by path, and the name of the base model inside the model.

    Cached by the config's text, which models of a zoo often share.
    """
    module = make_module(json.loads(config))
    return class_chains(module), str(getattr(module, "base_model_prefix", ""))


def _chain(
    name: str, chains: Mapping[str, tuple[str, ...]], prefix: str
) -> tuple[str, ...]:
    """The classes around a tensor; without its own class where that is not found.

    A checkpoint may be saved with or without the prefix of the base model, and with
    separate experts that the class holds in one tensor.
    """
    path = clean_name(name).path
    for candidate in (name, path, f"{prefix}.{path}", path.removeprefix(f"{prefix}.")):
        module = candidate.rpartition(".")[0]
        if module and module in chains:
            return chains[module]
        while module.count(".") > 1:
            module = module.rpartition(".")[0]
            if chains.get(module):
                return chains[module]
    return ()
