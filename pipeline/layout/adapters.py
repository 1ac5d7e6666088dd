"""Which tensors are the two factors of one LoRA adapter, and at what scale?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, sqrt
from typing import Any, Literal

from pipeline.layout.tuners import Tuned, find_tuning
from pipeline.refs import TensorRef

Variant = Literal["lora", "rslora", "dora", "adalora"]


@dataclass(frozen=True)
class Adapter:
    """ΔW = scale · B · A of one module: A is (rank, inputs), B is (outputs, rank).

    `scale` is null where the config does not give it, and `scale_problem` says why. It
    is alpha alone where tensors of the adapter divide it. `more` holds such tensors:
    E and ranknum of AdaLoRA, the alpha of kohya, the magnitudes of DoRA.
    `is_transposed`: the module stores its weight (inputs, outputs).
    """

    module: str
    adapter: str
    a: TensorRef | None
    b: TensorRef | None
    variant: Variant
    alpha: float | None
    scale: float | None
    scale_problem: str
    is_transposed: bool
    more: Mapping[str, TensorRef] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """alpha / rank of one module, and its source; null with a `problem`."""

    alpha: float | None
    value: float | None
    problem: str = ""


def find_adapters(
    tensors: Sequence[TensorRef], config: Mapping[str, Any]
) -> tuple[Adapter, ...]:
    """Every pair of LoRA factors, in file order; `config` is adapter_config.json.

    `module` is the adapted module's name as clean_name gives it: no wrapper, no ending.
    """
    modules = find_tuning(tensors).modules
    return tuple(
        _adapter(one, config)
        for one in modules
        if one.kind in ("lora", "dora", "adalora") and one.parts.keys() & {"A", "B"}
    )


def find_scale(one: Tuned, config: Mapping[str, Any], key: str = "lora_alpha") -> Scale:
    """The scale of a module by the config: alpha / rank, or alpha / √rank."""
    rank = _read(config, "rank_pattern", "r", one.module)
    alpha = _read(config, "alpha_pattern", key, one.module)
    problem = _scale_problem(rank, alpha, one.parts.get("A"))
    if problem or rank is None or alpha is None:
        return Scale(alpha, None, problem)
    return Scale(alpha, alpha / (sqrt(rank) if config.get("use_rslora") else rank))


def _adapter(one: Tuned, config: Mapping[str, Any]) -> Adapter:
    scale = find_scale(one, config)
    value, problem = scale.value, scale.problem
    if one.kind == "adalora":
        value = scale.alpha
        problem = "" if value is not None else "the config does not give lora_alpha"
    elif "alpha" in one.parts:
        value, problem = 1.0, ""
    return Adapter(
        module=one.module,
        adapter=one.adapter,
        a=one.parts.get("A"),
        b=one.parts.get("B"),
        variant="adalora" if one.kind == "adalora" else _variant(one, config),
        alpha=scale.alpha,
        scale=value,
        scale_problem=problem,
        is_transposed=one.is_embedding or bool(config.get("fan_in_fan_out")),
        more={k: t for k, t in one.parts.items() if k not in ("A", "B")},
    )


def _variant(one: Tuned, config: Mapping[str, Any]) -> Variant:
    if one.kind == "dora" or config.get("use_dora"):
        return "dora"
    return "rslora" if config.get("use_rslora") else "lora"


def _scale_problem(rank: float | None, alpha: float | None, a: TensorRef | None) -> str:
    if rank is None or alpha is None:
        return (
            "adapter_config.json does not give r and lora_alpha, nor does the header"
            " of the file (lora_adapter_metadata)"
        )
    if a is not None and a.shape and a.shape[0] != rank:
        return f"the config says rank {rank:g}, the factors have {a.shape[0]}"
    return ""


def _read(
    config: Mapping[str, Any], pattern: str, general: str, module: str
) -> float | None:
    """The value of the first key of `pattern` that matches the module, or the default.

    A key matches as in peft: a regular expression for the end of the name.
    """
    own = config.get(pattern)
    values = own if isinstance(own, Mapping) else {}
    key = _fitting(values, module)
    value = config.get(general) if key is None else values[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    is_sound = isfinite(value) and (general != "r" or value > 0)
    return float(value) if is_sound else None


def _fitting(keys: Iterable[str], module: str) -> str | None:
    for key in keys:
        try:
            fits = re.match(rf"(?:.*\.)?(?:{key})$", module)
        except re.error:  # not a valid pattern: compared as a name
            fits = re.match(rf"(?:.*\.)?{re.escape(key)}$", module)
        if fits:
            return key
    return None
