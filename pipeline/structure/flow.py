"""How do vectors flow through a model? The data of a picture of its architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.components import load_components, read_toml
from pipeline.layout.families import UNKNOWN
from pipeline.structure.categories import category_of
from pipeline.structure.heads import heads_of
from pipeline.structure.sublayers import (
    NormPlace,
    Sublayer,
    find_sublayers,
    shape_of_layer,
)
from pipeline.structure.tree import Layer, Place, Stack, Structure, walk_tensors


@dataclass(frozen=True)
class Block:
    """Layers of a stack with equal structure, and the sublayers of each."""

    layers: tuple[int, ...]
    sublayers: tuple[Sublayer, ...]
    is_parallel: bool = False


@dataclass(frozen=True)
class StackFlow:
    """One stack: components before its blocks, kinds of blocks, components after.

    `added` are the inputs whose vectors are added up, not passed one after another.
    `unordered` are components outside the blocks whose place in the order no name says.
    `is_known` is False where no sublayer was recognised; a plain tree is then shown.
    """

    name: str | None
    inputs: tuple[str, ...]
    blocks: tuple[Block, ...]
    outputs: tuple[str, ...]
    added: tuple[str, ...] = ()
    positions: str = "none"
    is_known: bool = False
    ties_output: bool = False
    is_loose: bool = False
    unordered: tuple[str, ...] = ()


def trace_flow(structure: Structure) -> tuple[StackFlow, ...]:
    """The flow through every stack, in the order of the structure."""
    flows = _join_ends(tuple(_trace(structure, stack) for stack in structure.stacks))
    return tuple(replace(flow, added=_added(flow.inputs)) for flow in flows)


def _added(inputs: tuple[str, ...]) -> tuple[str, ...]:
    # Of audio, positions are added to what convolutions make of it.
    is_sound = "conv" in inputs and "position_embedding" in inputs
    words = load_components()
    return tuple(n for n in inputs if words[n].added or (is_sound and n == "conv"))


def _trace(structure: Structure, stack: Stack) -> StackFlow:
    config = _config_of(structure, stack)
    norm = _norm_place(structure, config)
    is_parallel = _is_parallel(structure, config)
    blocks = []
    for layers in _alike(stack):
        sublayers = find_sublayers(layers[0], norm)
        parts = tuple(_describe(s, layers[0], structure, config) for s in sublayers)
        numbers = tuple(layer.layer or 0 for layer in layers)
        both = is_parallel and len([s for s in parts if s.kind != "plain"]) > 1
        blocks.append(Block(numbers, parts, both))
    inputs = _components_at(stack, "input")
    unordered: tuple[str, ...] = ()
    if structure.family == UNKNOWN:
        # An embedding comes first, whoever names it; a norm may stand anywhere.
        unordered = tuple(n for n in inputs if category_of(n).name != "embedding")
    kinds = {s.kind for block in blocks for s in block.sublayers}
    return StackFlow(
        stack.name,
        tuple(name for name in inputs if name not in unordered),
        tuple(blocks),
        _components_at(stack, "output"),
        positions=_positions(structure, stack, config),
        is_known=bool(kinds - {"plain"}),
        ties_output=_ties_output(structure, stack),
        unordered=unordered,
    )


def _join_ends(flows: tuple[StackFlow, ...]) -> tuple[StackFlow, ...]:
    """Give components of no stack to the stacks: embeddings first, scores last.

    An embedding that every stack shows is not shown again by itself. Components that
    join towers (`projector`, `scale`) become a separate, loose flow.
    """
    outside = [flow for flow in flows if flow.name is None and not flow.blocks]
    inside = [flow for flow in flows if flow not in outside]
    if not outside or not inside:
        return flows
    (ends,) = outside
    own = {name for flow in inside for name in flow.inputs}
    embedded = [n for n in ends.inputs if category_of(n).name == "embedding"]
    inputs = tuple(name for name in embedded if name not in own)
    outputs = tuple(name for name in ends.outputs if name != "projector")
    inside[0] = replace(inside[0], inputs=(*inputs, *inside[0].inputs))
    last = sorted((*inside[-1].outputs, *outputs), key=list(load_components()).index)
    inside[-1] = replace(inside[-1], outputs=tuple(last))
    loose_inputs = tuple(n for n in ends.inputs if n not in embedded) + ends.unordered
    loose_outputs = tuple(name for name in ends.outputs if name == "projector")
    if not loose_inputs and not loose_outputs:
        return tuple(inside)
    loose = replace(
        ends,
        inputs=loose_inputs,
        outputs=loose_outputs,
        is_loose=True,
        unordered=(),
    )
    return (*inside, loose)


def _alike(stack: Stack) -> list[list[Layer]]:
    groups: dict[object, list[Layer]] = {}
    for layer in stack.layers:
        if layer.place == "block":
            groups.setdefault(shape_of_layer(layer), []).append(layer)
    return list(groups.values())


def _components_at(stack: Stack, place: Place) -> tuple[str, ...]:
    return tuple(
        component.name
        for layer in stack.layers
        if layer.place == place
        for component in layer.components
    )


def _config_of(structure: Structure, stack: Stack) -> Mapping[str, Any]:
    """The part of the config about a stack, else the whole config."""
    for key in (f"{stack.name}_config", "text_config"):
        nested = structure.config.get(key)
        if isinstance(nested, Mapping):
            return nested
    return structure.config


def _trait(structure: Structure, config: Mapping[str, Any], table: str) -> Any:
    traits = read_toml("pipeline.structure", "traits.toml")[table]
    model_type = config.get("model_type")
    is_told = isinstance(model_type, str) and model_type in traits
    return traits.get(model_type if is_told else structure.family)


def _norm_place(structure: Structure, config: Mapping[str, Any]) -> NormPlace:
    if config.get("do_layer_norm_before") is False:
        return "after"
    place: NormPlace = _trait(structure, config, "norm") or "before"
    return place


def _is_parallel(structure: Structure, config: Mapping[str, Any]) -> bool:
    for key in read_toml("pipeline.structure", "traits.toml")["keys"]["parallel"]:
        if isinstance(config.get(key), bool):
            return bool(config[key])
    return bool(_trait(structure, config, "parallel"))


def _positions(structure: Structure, stack: Stack, config: Mapping[str, Any]) -> str:
    """learned, rotary, relative, alibi or none, by names and config."""
    names = {c.name for layer in stack.layers for c in layer.components}
    keys = read_toml("pipeline.structure", "traits.toml")["keys"]["rotary"]
    if "position_embedding" in names:
        return "learned"
    if "relative_bias" in names:
        return "relative"
    if config.get("alibi") is True:
        return "alibi"
    if "rotary" in names or any(config.get(key) for key in keys):
        return "rotary"
    return str(_trait(structure, config, "positions") or "none")


def _ties_output(structure: Structure, stack: Stack) -> bool:
    """Whether a language model computes its scores with its token embedding."""
    makes_scores = read_toml("pipeline.structure", "traits.toml")["scores"]["endings"]
    components = {t.location.component for t in walk_tensors(structure)}
    return (
        structure.config.get("tie_word_embeddings") is True
        and structure.architecture.endswith(tuple(makes_scores))
        and stack is structure.stacks[-1]
        and "unembedding" not in components
    )


def _describe(
    sublayer: Sublayer, layer: Layer, structure: Structure, config: Mapping[str, Any]
) -> Sublayer:
    """The sublayer with the facts that the config adds."""
    facts = dict(sublayer.facts)
    if sublayer.kind in ("attention", "cross_attention"):
        facts |= heads_of(layer, structure, config, is_cross=sublayer.kind[0] == "c")
        facts |= _stated(config, {"window": "window"})
    if sublayer.kind in ("feed_forward", "experts"):
        facts |= _stated(config, {"activation": "activation"})
    if sublayer.kind == "experts":
        facts |= _stated(config, {"top_k": "top_k"})
    return replace(sublayer, facts=facts)


def _stated(
    config: Mapping[str, Any], wanted: Mapping[str, str]
) -> dict[str, int | str | bool]:
    found: dict[str, int | str | bool] = {}
    for fact, table in wanted.items():
        for key in read_toml("pipeline.structure", "traits.toml")["keys"][table]:
            value = config.get(key)
            if isinstance(value, str | int) and value and value is not True:
                found.setdefault(fact, value)
    return found
