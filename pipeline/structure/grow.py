"""How do tensors become a tree? By stack, layer and component, in the order of flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.layout import Layout
from pipeline.structure.categories import category_of, load_categories
from pipeline.structure.tree import Component, Layer, Place, Stack, Tensor

_PLACES: tuple[Place, ...] = ("input", "block", "output")


def grow(tensors: Iterable[Tensor]) -> tuple[Stack, ...]:
    """The stacks of a model, each with its layers in order.

    Tensors of no stack come first, then the stacks in the order of first appearance.
    Components of a layer are ordered as in categories.toml
    and components.toml; tensors keep their order.
    """
    by_stack: dict[str | None, list[Tensor]] = {}
    for tensor in tensors:
        by_stack.setdefault(tensor.location.stack, []).append(tensor)
    names = sorted(by_stack, key=lambda name: name is not None)
    return tuple(Stack(name, _layers(by_stack[name])) for name in names)


def sizes_of(layout: Layout) -> Mapping[str, int | None]:
    """The sizes that table `checkpoints` has, and the head dimension."""
    return {
        "n_layers": layout.n_layers,
        "hidden_size": layout.hidden_size,
        "n_heads": layout.n_heads,
        "n_kv_heads": layout.n_kv_heads,
        "head_dim": layout.networks[""].sizes.head_dim,
        "n_experts": layout.n_experts,
        "vocabulary_size": layout.vocabulary_size,
    }


def _layers(tensors: Sequence[Tensor]) -> tuple[Layer, ...]:
    by_layer: dict[tuple[Place, int | None], list[Tensor]] = {}
    for tensor in tensors:
        layer = tensor.location.layer
        place = _place(tensor) if layer is None else "block"
        by_layer.setdefault((place, layer), []).append(tensor)
    keys = sorted(by_layer, key=lambda key: (_PLACES.index(key[0]), key[1] or 0))
    return tuple(Layer(*key, _components(by_layer[key])) for key in keys)


def _place(tensor: Tensor) -> Place:
    return category_of(tensor.location.component).place


def _components(tensors: Sequence[Tensor]) -> tuple[Component, ...]:
    by_name: dict[str, list[Tensor]] = {}
    for tensor in tensors:
        by_name.setdefault(tensor.location.component, []).append(tensor)
    order = [name for one in load_categories().values() for name in one.components]
    known = sorted((name for name in by_name if name in order), key=order.index)
    names = (*known, *(name for name in by_name if name not in order))
    return tuple(Component(name, tuple(by_name[name])) for name in names)
