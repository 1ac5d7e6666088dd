"""Where in a model is something to be seen? Modules by stack, layer and component.

The layout that places weights places modules too: a module is where its weights are, a
block is what all weights of one layer have in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from pipeline.components import Component, load_components
from pipeline.layout import Layout, Location, identify
from pipeline.refs import TensorRef

if TYPE_CHECKING:
    from torch import nn

SiteKind = Literal[
    "block_input",
    "block_output",
    "attention_output",
    "mlp_output",
    "mlp_activation",
    "linear_input",
    "router",
]
SITE_KINDS: tuple[SiteKind, ...] = get_args(SiteKind)

_LINEAR = ("Linear", "Conv1D")
# Words in the names of classes without weights that bend what passes: BloomGelu, SiLU.
_NONLINEAR = ("relu", "gelu", "silu", "elu", "mish", "tanh", "sigmoid", "activation")


@dataclass(frozen=True, order=True)
class Site:
    """One place: the module at `path`, and which of its tensors is looked at.

    `block_input` and `block_output` are the residual stream before and after a block;
    `attention_output` and `mlp_output` what their last projection adds to it;
    `mlp_activation` comes out of the non-linearity; `linear_input` goes into a linear
    layer (a Linear or a Conv1D, whose weight is stored transposed); `router` is what a
    router returns.
    """

    stack: str | None
    layer: int | None
    component: str
    kind: SiteKind
    path: str

    @property
    def is_input(self) -> bool:
        return self.kind in {"block_input", "linear_input"}


@dataclass(frozen=True)
class Places:
    """What is known of a model's modules: the layout of its weights, and their places.

    `modules` maps a module's path to the location of its first parameter.
    """

    layout: Layout
    modules: Mapping[str, Location]

    def inside(self, path: str) -> Location | None:
        """The location of the first weight in or below a module, None without any."""
        if path in self.modules:
            return self.modules[path]
        start = f"{path}."
        found = (at for name, at in self.modules.items() if name.startswith(start))
        return next(found, None)


def find_places(model: nn.Module) -> Places:
    """Where the model's modules sit, by the names and shapes of its weights."""
    state = model.state_dict(keep_vars=True)
    refs = [
        TensorRef(key, "F32", tuple(value.shape), "", 0)
        for key, value in state.items()
        if hasattr(value, "shape")
    ]
    config: Any = getattr(model, "config", None)
    layout = identify(refs, config.to_dict() if hasattr(config, "to_dict") else {})
    modules: dict[str, Location] = {}
    for ref in refs:
        path = ref.name.rpartition(".")[0]
        modules.setdefault(path, layout.locate(ref.name, ref.shape))
    return Places(layout, modules)


def find_sites(
    model: nn.Module,
    kinds: Iterable[SiteKind] = SITE_KINDS,
    places: Places | None = None,
) -> tuple[Site, ...]:
    """Every site of the given kinds, by stack and layer; none where nothing is known.

    Experts that one tensor holds together have no linear layer to look into: what they
    do is seen at their router.
    """
    places = places or find_places(model)
    modules = dict(model.named_modules())
    blocks = _blocks(places, modules)
    found = [
        *_block_sites(blocks),
        *_linear_sites(places, modules),
        *_activation_sites(places, modules, blocks),
        *_expert_sites(places, modules),
    ]
    wanted = set(kinds)
    return tuple(sorted((one for one in found if one.kind in wanted), key=_order))


def _order(site: Site) -> tuple[Any, ...]:
    layer = -1 if site.layer is None else site.layer
    return (site.stack or "", layer, SITE_KINDS.index(site.kind), site.path)


_Block = tuple[str | None, int]


def _blocks(places: Places, modules: Mapping[str, nn.Module]) -> dict[str, _Block]:
    """Path of each block and what it is; a layer spread over the model has none."""
    members: dict[_Block, list[str]] = defaultdict(list)
    for path, at in places.modules.items():
        if at.layer is not None:
            members[at.stack, at.layer].append(path)
    blocks: dict[str, _Block] = {}
    for block, paths in members.items():
        path = _common(paths)
        while path and not _is_called(modules.get(path)):
            path = path.rpartition(".")[0]  # T5 keeps a block's sublayers in a list
        others = (m for other, own in members.items() if other != block for m in own)
        if path and not any(_is_below(other, [path]) for other in others):
            blocks[path] = block
    return blocks


def _common(paths: list[str]) -> str:
    parts = [path.split(".") for path in paths]
    same = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        same.append(column[0])
    return ".".join(same)


def _is_called(module: nn.Module | None) -> bool:
    """Whether a module has a forward of its own: lists and dictionaries have none."""
    return module is not None and type(module).__name__ not in {
        "ModuleList",
        "ModuleDict",
    }


def _block_sites(blocks: Mapping[str, _Block]) -> Iterable[Site]:
    for path, (stack, layer) in blocks.items():
        yield Site(stack, layer, "block", "block_input", path)
        yield Site(stack, layer, "block", "block_output", path)


def _linear_sites(places: Places, modules: Mapping[str, nn.Module]) -> Iterable[Site]:
    for path, module in modules.items():
        if not _is_linear(module):
            continue
        at = places.modules.get(path)
        if at is None:
            continue
        yield Site(at.stack, at.layer, at.component, "linear_input", path)
        kind = _kind_of_output(load_components()[at.component])
        if kind == "attention_output" or (kind == "mlp_output" and at.expert is None):
            yield Site(at.stack, at.layer, at.component, kind, path)


def _kind_of_output(word: Component) -> SiteKind | None:
    """The site behind the last projection of a step; None of any other component."""
    if word.stream != "writes":
        return None
    if word.step in {"attention", "cross_attention"}:
        return "attention_output"
    return "mlp_output" if word.experts else None


def _is_linear(module: nn.Module) -> bool:
    return any(cls.__name__ in _LINEAR for cls in type(module).__mro__)


def _activation_sites(
    places: Places, modules: Mapping[str, nn.Module], blocks: Mapping[str, _Block]
) -> Iterable[Site]:
    experts = _expert_paths(places)
    gated = {
        (at.stack, at.layer)
        for at in places.modules.values()
        if "gate" in (at.component, *load_components()[at.component].parts)
    }
    for path, module in modules.items():
        if not _is_activation(module) or _is_below(path, experts):
            continue
        block = next((blocks[one] for one in blocks if _is_below(path, [one])), None)
        if block is not None:
            component = "gate" if block in gated else "up"
            yield Site(*block, component, "mlp_activation", path)


def _is_activation(module: nn.Module) -> bool:
    name = type(module).__name__.lower()
    is_bare = next(module.parameters(), None) is None
    return is_bare and any(word in name for word in _NONLINEAR)


def _expert_paths(places: Places) -> list[str]:
    """Modules that hold the experts of a layer in one tensor, or one expert each."""
    return [
        path
        for path, at in places.modules.items()
        if _is_of_experts(at.component) and (at.expert is not None or "expert" in path)
    ]


def _is_of_experts(component: str) -> bool:
    return component == "router" or load_components()[component].experts


def _is_below(path: str, roots: Iterable[str]) -> bool:
    return any(path.startswith(f"{root}.") for root in roots)


def _expert_sites(places: Places, modules: Mapping[str, nn.Module]) -> Iterable[Site]:
    for path, at in places.modules.items():
        if at.component != "router" or path not in modules:
            continue
        yield Site(at.stack, at.layer, "router", "router", path)
        siblings = [
            other
            for other, its in places.modules.items()
            if (its.stack, its.layer) == (at.stack, at.layer)
            and _is_of_experts(its.component)
        ]
        mixture = _common(siblings)
        if _is_called(modules.get(mixture)) and mixture != path:
            yield Site(at.stack, at.layer, "down", "mlp_output", mixture)
