"""Which weight of the base does each module of an adapter change?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.layout import Layout, Tuned
from pipeline.layout.naming import clean_name
from pipeline.refs import Checkpoint, TensorRef

# kohya's names are the module's with _ for every dot, behind the network's own.
_KOHYA = re.compile(r"^lora_[a-z0-9]+_(?=.)")
# Whose first side is the outputs; of VeRA `B` is as large as the largest module.
_OUTPUTS = ("b", "B", "B.bias")


@dataclass(frozen=True)
class Target:
    """What one module of the adapter makes of one tensor of the base.

    `kind` is a key of TUNERS; `base` is null, with its `problem`, where the module is
    not found. `is_tied`: a head that the base stores as its token embedding.
    """

    tuned: Tuned
    kind: str
    first: TensorRef
    base: TensorRef | None
    problem: str = ""
    is_tied: bool = False

    @property
    def n_outputs(self) -> int | None:
        parts = self.tuned.parts
        if "B_turned" in parts:
            return parts["B_turned"].shape[-1]
        return next((parts[p].shape[0] for p in _OUTPUTS if p in parts), None)


def find_targets(
    modules: Iterable[Tuned], base: Checkpoint, layout: Layout
) -> list[Target]:
    """Every weight, and bias, that the modules change.

    A module is found by its name without wrappers, by the only name that ends as it
    does, by kohya's flattened name, or by the role that the base's tensor alone has.
    """
    names = _Names(base, layout)
    return [target for one in modules for target in _targets(one, names)]


def _targets(tuned: Tuned, names: _Names) -> Iterator[Target]:
    found, is_tied = names.find(tuned)
    if len(found) != 1:
        problem = f"{len(found)} tensors of the base fit the module {tuned.module}"
        yield Target(tuned, tuned.kind, tuned.first, None, problem)
        return
    weight = found[0]
    yield Target(tuned, tuned.kind, tuned.first, weight, is_tied=is_tied)
    bias = names.bias(weight)
    if "B.bias" in tuned.parts:
        first = tuned.parts["B.bias"]
        problem = "" if bias else f"{tuned.module} has no bias in the base"
        yield Target(tuned, "lora_bias", first, bias, problem)
    elif tuned.kind == "ia3" and bias and tuned.parts["l"].n_elements == bias.shape[0]:
        scales_outputs = tuned.parts["l"].shape[0] != 1 or len(weight.shape) > 2
        if scales_outputs:
            yield Target(tuned, "ia3", tuned.first, bias)


class _Names:
    """The base's weights by name, by ending, flattened, and by role."""

    def __init__(self, base: Checkpoint, layout: Layout) -> None:
        self._layout = layout
        self._modules: dict[str, list[TensorRef]] = defaultdict(list)
        self._by_name: Mapping[str, TensorRef] = {t.name: t for t in base.tensors}
        for tensor in base.tensors:
            module = _module(tensor)
            if module is not None and not tensor.is_side:
                self._modules[module].append(tensor)

    def bias(self, weight: TensorRef) -> TensorRef | None:
        stem = weight.name.rpartition(".")[0]
        return self._by_name.get(f"{stem}.bias")

    def find(self, tuned: Tuned) -> tuple[Sequence[TensorRef], bool]:
        """The tensors that fit, and whether the only one is the tied embedding."""
        found = (
            self._modules.get(tuned.module)
            or self._by_ending(tuned.module)
            or self._flattened(tuned.module)
            or self._by_role(tuned)
        )
        if found:
            return found, False
        place = self._layout.locate(f"{tuned.module}.weight", (1, 1))
        if place.component == "unembedding":
            return self._embeddings(), True
        return (), False

    def _embeddings(self) -> list[TensorRef]:
        tensors = (one for several in self._modules.values() for one in several)
        return [
            one
            for one in tensors
            if self._layout.locate(one.name, one.shape).component == "token_embedding"
        ]

    def _by_ending(self, module: str) -> list[TensorRef]:
        return [
            tensor
            for name, tensors in self._modules.items()
            if name.endswith(f".{module}") or module.endswith(f".{name}")
            for tensor in tensors
        ]

    def _flattened(self, module: str) -> list[TensorRef]:
        flat = _KOHYA.sub("", module)
        if flat == module:
            return []
        names = {name: name.replace(".", "_") for name in self._modules}
        fitting = [n for n, f in names.items() if f == flat or f.endswith(f"_{flat}")]
        # lora_unet_… of a single file, whose own names begin with model.diffusion_model
        return [tensor for name in fitting for tensor in self._modules[name]]

    def _by_role(self, tuned: Tuned) -> list[TensorRef]:
        place = self._layout.locate(f"{tuned.module}.weight", (1, 1))
        return self._role(place.stack, place.layer, place.component, place.expert)

    def _role(
        self, stack: str | None, layer: int | None, component: str, expert: int | None
    ) -> list[TensorRef]:
        if component == "other":
            return []
        wanted = (stack, layer, component, expert)
        return [
            tensor
            for tensors in self._modules.values()
            for tensor in tensors
            for at in (self._layout.locate(tensor.name, tensor.shape),)
            if (at.stack, at.layer, at.component, at.expert) == wanted
            and at.parameter == "weight"
        ]


def _module(tensor: TensorRef) -> str | None:
    """The module whose weight this is, null where it is another parameter."""
    cleaned = clean_name(tensor.name)
    if cleaned.parameter not in (None, "weight"):
        return None
    path = cleaned.tower.prefix + cleaned.path
    if cleaned.parameter is None and not path.endswith(".weight"):
        return None
    return path.removesuffix(".weight")
