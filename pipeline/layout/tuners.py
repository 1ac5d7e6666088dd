"""Which tensors of an adapter belong together, and what kind of adapter are they?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pipeline.components import read_toml
from pipeline.layout.naming import clean_name
from pipeline.refs import TensorRef

# Texts that tuners put between the module's name and the name of the part.
_BETWEEN = (".token_adapter", ".processor", "_lora")


@dataclass(frozen=True)
class Tuned:
    """One module's tensors of an adapter: `parts` by their names in the formula.

    `module` is the name by clean_name. `kind` is a kind of tuners.toml, or a more
    precise one that a part implies: adalora or dora.
    """

    module: str
    adapter: str
    kind: str
    parts: Mapping[str, TensorRef]
    is_embedding: bool = False

    @property
    def first(self) -> TensorRef:
        """The tensor that names the module's row: that of the output side, if any."""
        own = ("b", "B", "B_turned")  # b first, as all modules of VeRA share one B
        main = (self.parts[part] for part in own if part in self.parts)
        return next(main, next(iter(self.parts.values())))


@dataclass(frozen=True)
class Tuning:
    """All parts of an adapter that its names explain; `additions` change no weight."""

    modules: tuple[Tuned, ...]
    additions: tuple[TensorRef, ...]
    claimed: frozenset[str]


def find_tuning(tensors: Iterable[TensorRef]) -> Tuning:
    """The adapter's modules in file order; tensors saved whole are left out."""
    groups: dict[tuple[str, str, str], dict[str, TensorRef]] = {}
    embeddings, additions = set(), []
    shared: dict[str, TensorRef] = {}
    claimed = set()
    for tensor in tensors:
        found = _pattern().search(tensor.name)
        if found is None or tensor.skip_reason:
            continue
        claimed.add(tensor.name)
        kind, part = _words()[found["word"]]
        if kind == "addition":
            additions.append(tensor)
        elif kind == "shared":
            shared[part] = tensor
        else:
            path = tensor.name[: found.start()]
            family = kind.removesuffix("_embedding")
            key = _module(path), found["adapter"] or "default", family
            if found["end"] == "bias":
                part += ".bias"
            groups.setdefault(key, {})[part] = tensor
            if kind != family:
                embeddings.add(key)
    modules = [
        Tuned(
            module,
            adapter,
            _precise(kind, parts),
            parts | shared if kind == "vera" else parts,
            (module, adapter, kind) in embeddings,
        )
        for (module, adapter, kind), parts in _with_alpha(groups).items()
    ]
    return Tuning(tuple(modules), tuple(additions), frozenset(claimed))


def _with_alpha(
    groups: dict[tuple[str, str, str], dict[str, TensorRef]],
) -> dict[tuple[str, str, str], dict[str, TensorRef]]:
    """Assign LyCORIS's `alpha`, which any kind of module may have, to its module."""
    for key in [key for key, parts in groups.items() if parts.keys() == {"alpha"}]:
        same = [one for one in groups if one[:2] == key[:2] and one != key]
        if len(same) == 1:
            groups[same[0]] |= groups.pop(key)
    return groups


def _precise(kind: str, parts: Mapping[str, TensorRef]) -> str:
    if kind == "lora" and "E" in parts:
        return "adalora"
    return "dora" if kind == "lora" and "magnitude" in parts else kind


def _module(path: str) -> str:
    for between in _BETWEEN:
        path = path.removesuffix(between)
    path = path.replace(".processor.", ".")
    cleaned = clean_name(f"{path}.weight")
    return cleaned.tower.prefix + cleaned.path.removesuffix(".weight")


@cache
def _words() -> Mapping[str, tuple[str, str]]:
    words = read_toml("pipeline.layout", "tuners.toml")["words"]
    return {word: (kind, part) for word, (kind, part) in words.items()}


@cache
def _pattern() -> re.Pattern[str]:
    longest = sorted(_words(), key=len, reverse=True)
    word = "|".join(map(re.escape, longest))
    adapter = r"(?:\.(?!weight$|bias$)(?P<adapter>[^.]+))?"
    return re.compile(
        rf"(?:^|\.|(?<=_lora)\.|(?=_lora\.(?:up|down))_)(?P<word>{word}){adapter}"
        r"(?:\.(?P<end>weight|bias))?$"
    )
