"""How is a tree exported to other programs? As nested objects of plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pipeline.structure.categories import category_of, load_categories
from pipeline.structure.tree import (
    Component,
    Layer,
    Node,
    Stack,
    Structure,
    Tensor,
    count,
    walk_tensors,
)

Json = dict[str, Any]


def as_json(structure: Structure) -> Json:
    """Totals first, then the tree: stacks of layers of components of tensors."""
    return {
        "model": structure.name,
        "revision": structure.revision or None,
        "kind": structure.kind,
        "source": structure.source or None,
        "family": structure.family,
        "architecture": structure.architecture or None,
        **structure.sizes,
        **_counts(structure),
        "parameters_by_category": sum_by_category(structure),
        "parameters_by_dtype": _sum_by_dtype(walk_tensors(structure)),
        "parameters_per_layer": [
            {"stack": stack.name, "layer": layer.layer, "place": layer.place}
            | _counts(layer)
            for stack in structure.stacks
            for layer in stack.layers
        ],
        "notes": list(structure.notes),
        "stacks": [_stack(stack) for stack in structure.stacks],
    }


def sum_by_category(structure: Structure) -> dict[str, int]:
    """Number of parameters under each heading that has any, in order."""
    sums: Counter[str] = Counter()
    for tensor in walk_tensors(structure):
        sums[category_of(tensor.location.component).name] += tensor.n_parameters
    return {name: sums[name] for name in load_categories() if sums[name]}


def _counts(node: Node) -> Json:
    return asdict(count(node))


def _sum_by_dtype(tensors: Iterable[Tensor]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for tensor in tensors:
        sums[tensor.dtype] += tensor.n_parameters
    return {dtype: n for dtype, n in sums.most_common() if n}


def _stack(stack: Stack) -> Json:
    layers = [_layer(layer) for layer in stack.layers]
    return {"stack": stack.name} | _counts(stack) | {"layers": layers}


def _layer(layer: Layer) -> Json:
    components = [_component(component) for component in layer.components]
    return (
        {"place": layer.place, "layer": layer.layer}
        | _counts(layer)
        | {"components": components}
    )


def _component(component: Component) -> Json:
    return {
        "component": component.name,
        "category": category_of(component.name).name,
        **_counts(component),
        "tensors": [_tensor(tensor) for tensor in component.tensors],
    }


def _tensor(tensor: Tensor) -> Json:
    location = tensor.location
    return {
        "name": tensor.name,
        "parameter": location.parameter,
        "expert": location.expert,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "n_elements": tensor.n_elements,
        "n_parameters": tensor.n_parameters,
        "n_bytes": tensor.n_bytes,
        "is_trainable": tensor.is_trainable,
        "is_buffer": location.is_buffer,
        "is_transposed": location.is_transposed,
        "alias_of": tensor.alias_of or None,
        "is_tied": tensor.is_tied,
        "reason": tensor.reason or None,
        "class": tensor.classes[0] if tensor.classes else None,
    }
