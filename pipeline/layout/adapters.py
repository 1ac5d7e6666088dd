"""Which tensors are the two factors of one LoRA adapter, and at what scale?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any, Literal

from pipeline.layout.naming import clean_name
from pipeline.refs import TensorRef

_ENDING = re.compile(
    r"\.lora_(?P<embedding>embedding_)?(?P<factor>[AB])"
    r"(?:\.(?!weight$)(?P<adapter>[^.]+))?(?:\.weight)?$"
)
_ROOT = "base_model.model."

Variant = Literal["lora", "rslora", "dora"]


@dataclass(frozen=True)
class Adapter:
    """ΔW = scale · B · A of one module: A is (rank, inputs), B is (outputs, rank).

    `scale` is null, and `scale_problem` says why, where the config does not give it.
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


def find_adapters(
    tensors: Sequence[TensorRef], config: Mapping[str, Any]
) -> tuple[Adapter, ...]:
    """Every pair of LoRA factors, in file order; `config` is adapter_config.json.

    `module` is the adapted module's name as clean_name gives it: no wrapper, no ending.
    """
    factors: dict[tuple[str, str], dict[str, TensorRef]] = {}
    is_embedding: dict[tuple[str, str], bool] = {}
    for tensor in tensors:
        ending = _ENDING.search(tensor.name)
        if ending is None or tensor.skip_reason:
            continue
        key = tensor.name[: ending.start()], ending["adapter"] or "default"
        factors.setdefault(key, {})[ending["factor"]] = tensor
        is_embedding[key] = bool(ending["embedding"])
    return tuple(
        _adapter(key, pair, config, is_embedding=is_embedding[key])
        for key, pair in factors.items()
    )


def _adapter(
    key: tuple[str, str],
    pair: Mapping[str, TensorRef],
    config: Mapping[str, Any],
    *,
    is_embedding: bool,
) -> Adapter:
    path, adapter = key
    example = next(iter(pair.values()))
    cleaned = clean_name(example.name)
    module = path.removeprefix(_ROOT)
    rank = _read(config, "rank_pattern", "r", module)
    alpha = _read(config, "alpha_pattern", "lora_alpha", module)
    variant = _variant(config)
    problem = _scale_problem(rank, alpha, pair.get("A"))
    scale = None
    if not problem and rank and alpha is not None:
        scale = alpha / (sqrt(rank) if config.get("use_rslora") else rank)
    return Adapter(
        module=cleaned.tower.prefix + cleaned.path,
        adapter=adapter,
        a=pair.get("A"),
        b=pair.get("B"),
        variant=variant,
        alpha=alpha,
        scale=scale,
        scale_problem=problem,
        is_transposed=is_embedding or bool(config.get("fan_in_fan_out")),
    )


def _variant(config: Mapping[str, Any]) -> Variant:
    if config.get("use_dora"):
        return "dora"
    return "rslora" if config.get("use_rslora") else "lora"


def _scale_problem(rank: float | None, alpha: float | None, a: TensorRef | None) -> str:
    if rank is None or alpha is None:
        return "adapter_config.json does not give r and lora_alpha"
    if a is not None and a.shape and a.shape[0] != rank:
        return f"the config says rank {rank:g}, the factors have {a.shape[0]}"
    return ""


def _read(
    config: Mapping[str, Any], pattern: str, general: str, module: str
) -> float | None:
    """The module's own value where a key of `pattern` fits its name, else the general.

    A key fits as peft has it: a regular expression for the end of the name.
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
        except re.error:  # not a pattern: then it is a name
            fits = re.match(rf"(?:.*\.)?{re.escape(key)}$", module)
        if fits:
            return key
    return None
