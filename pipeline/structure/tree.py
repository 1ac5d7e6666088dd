"""What is a model made of? Stacks of layers of components of tensors, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal

from pipeline.layout import Location

# The place of a layer in the flow: before the blocks, one of them, or after them.
Place = Literal["input", "block", "output"]


@dataclass(frozen=True)
class Tensor:
    """One entry of a state dict: what it is, where it sits, what class made it.

    `classes` are its module's class and those of the modules around it, innermost
    first; empty where no model class is known. `alias_of` names an earlier tensor with
    equal values; with `is_tied` both are one parameter, counted at the earlier one. A
    non-empty `reason` says why it is no weight of the model, or was not measured.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    location: Location
    n_bytes: int = 0
    is_trainable: bool = True
    alias_of: str = ""
    is_tied: bool = False
    reason: str = ""
    classes: tuple[str, ...] = ()

    @property
    def n_elements(self) -> int:
        return prod(self.shape)

    @property
    def n_parameters(self) -> int:
        """Its elements; 0 for a buffer, a tied copy or a tensor that is no weight."""
        is_counted = not (self.is_tied or self.reason or self.location.is_buffer)
        return self.n_elements if is_counted else 0


@dataclass(frozen=True)
class Component:
    """The tensors of one component in one layer, such as the weight and bias of q."""

    name: str
    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class Layer:
    """A block of its stack, by number, or the part before or after all blocks."""

    place: Place
    layer: int | None
    components: tuple[Component, ...]


@dataclass(frozen=True)
class Stack:
    """A stack of layers: encoder, decoder, vision, …; null for tensors of no stack."""

    name: str | None
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Structure:
    """A model as a tree; `sizes` are named as columns of table `checkpoints`.

    `config` has the form of config.json; `notes` are remarks made while reading.
    """

    name: str
    family: str
    stacks: tuple[Stack, ...]
    revision: str = ""
    architecture: str = ""
    kind: Literal["model", "adapter"] = "model"
    source: str = ""
    sizes: Mapping[str, int | None] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    """Sums over tensors; a tied parameter counts once."""

    n_tensors: int
    n_parameters: int
    n_trainable: int
    n_bytes: int


Node = Structure | Stack | Layer | Component | Tensor


def walk_tensors(node: Node) -> Iterable[Tensor]:
    """Every tensor at or below a node of the tree, in its order."""
    match node:
        case Tensor():
            yield node
        case Component():
            yield from node.tensors
        case Layer():
            for component in node.components:
                yield from walk_tensors(component)
        case Stack():
            for layer in node.layers:
                yield from walk_tensors(layer)
        case Structure():
            for stack in node.stacks:
                yield from walk_tensors(stack)


def count(node: Node) -> Counts:
    """Tensors, parameters, trainable parameters and bytes at or below a node."""
    tensors = tuple(walk_tensors(node))
    return Counts(
        len(tensors),
        sum(tensor.n_parameters for tensor in tensors),
        sum(tensor.n_parameters for tensor in tensors if tensor.is_trainable),
        sum(tensor.n_bytes for tensor in tensors if not tensor.is_tied),
    )
