"""How large is the network? Sizes from its config, else inferred from its tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.components import load_components, read_toml
from pipeline.layout.families import Family
from pipeline.layout.location import Location

# Larger than any real size, and small enough for every integer column.
_LARGEST = 2**31


@dataclass(frozen=True)
class Dimensions:
    """Sizes of one network; null where neither config nor tensors are certain."""

    n_layers: int | None = None
    hidden_size: int | None = None
    n_heads: int | None = None
    n_kv_heads: int | None = None
    n_experts: int | None = None
    vocabulary_size: int | None = None
    head_dim: int | None = None
    value_dim: int | None = None


@dataclass(frozen=True)
class Placed:
    """A tensor's location and shape, from which sizes are inferred."""

    location: Location
    shape: tuple[int, ...]


def find_dimensions(
    config: Mapping[str, Any], family: Family, placed: Sequence[Placed]
) -> Dimensions:
    """Sizes by the keys of the config, else inferred from the placed tensors."""
    stated = {
        size: read_count(config, family.dimensions.get(size, keys))
        for size, keys in _load_data()["keys"].items()
    }
    return Dimensions(
        n_layers=_n_layers(stated["n_layers"], placed),
        hidden_size=stated["hidden_size"] or _hidden_size(placed),
        n_heads=stated["n_heads"],
        n_kv_heads=_n_kv_heads(config, family, stated),
        n_experts=stated["n_experts"] or _n_experts(placed),
        vocabulary_size=_vocabulary_size(placed) or stated["vocabulary_size"],
        head_dim=_head_dim(config, stated["head_dim"]),
        value_dim=read_count(config, ["v_head_dim"]),
    )


def _head_dim(config: Mapping[str, Any], stated: int | None) -> int | None:
    """Of latent attention, the query's: its part with positions and the one without.

    There `head_dim` states the part with positions alone, as DeepSeek's configs do.
    """
    parts = [read_count(config, [k]) for k in ("qk_nope_head_dim", "qk_rope_head_dim")]
    return sum(filter(None, parts)) if all(parts) else stated


def main_config(config: object) -> Mapping[str, Any]:
    """The language model's part of a config, else the whole config."""
    if not isinstance(config, Mapping):
        return {}
    for key in _load_data()["nested"]:
        nested = config.get(key)
        if isinstance(nested, Mapping):
            return nested
    return config


def read_count(config: Mapping[str, Any], keys: Iterable[str]) -> int | None:
    """The value of the first of `keys` that is a count; other values are ignored."""
    for key in keys:
        value = config.get(key)
        if type(value) is int and 0 < value < _LARGEST:
            return value
    return None


def count_layers(placed: Iterable[Placed]) -> dict[str | None, int]:
    """The number of blocks in each stack: one more than the highest index."""
    counts: dict[str | None, int] = {}
    for one in placed:
        layer, stack = one.location.layer, one.location.stack
        if layer is not None:
            counts[stack] = max(counts.get(stack, 0), layer + 1)
    return counts


def _n_layers(stated: int | None, placed: Sequence[Placed]) -> int | None:
    counts = count_layers(placed)
    if len(counts) > 1:
        # Configs of encoder-decoders give one stack's layers under the general key.
        return sum(counts.values())
    return stated or sum(counts.values()) or None


def _hidden_size(placed: Sequence[Placed]) -> int | None:
    sizes = {
        one.shape[0]
        for one in placed
        if load_components()[one.location.component].hidden
        and one.location.parameter == "weight"
        and len(one.shape) == 1
    }
    return sizes.pop() if len(sizes) == 1 else None


def _n_kv_heads(
    config: Mapping[str, Any], family: Family, stated: Mapping[str, int | None]
) -> int | None:
    for rule in family.kv_heads:
        if all(config.get(key) == value for key, value in rule["when"].items()):
            value = rule["is"]
            return value if isinstance(value, int) else read_count(config, value)
    return stated["n_kv_heads"] or stated["n_heads"]


def _n_experts(placed: Sequence[Placed]) -> int | None:
    fused = {
        one.shape[0]
        for one in placed
        if load_components()[one.location.component].experts and len(one.shape) == 3
    }
    separate = [one.location.expert for one in placed]
    seen = [expert + 1 for expert in separate if expert is not None]
    return max([*fused, *seen], default=None)


def _vocabulary_size(placed: Sequence[Placed]) -> int | None:
    rows = [
        one.shape[0]
        for one in placed
        if one.location.component == "token_embedding"
        and one.location.parameter == "weight"
        and len(one.shape) == 2
    ]
    return max(rows, default=None)


@cache
def _load_data() -> dict[str, Any]:
    return read_toml("pipeline.layout", "dimensions.toml")
