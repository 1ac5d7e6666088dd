"""What does a checkpoint's folder say about its architecture and its base model?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeGuard

from pipeline.refs import TensorRef
from pipeline.sources.adapter_header import read_adapter_header
from pipeline.sources.files import is_unicode
from pipeline.sources.weight_sets import WeightSet

MODEL_CONFIG = "config.json"
ADAPTER_CONFIG = "adapter_config.json"

# Keys whose value can be nothing but a count; some models give a list, a layer each.
_COUNTS = (
    *("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size"),
    *("n_embd", "n_layer", "n_head", "d_model", "num_layers", "num_heads"),
)


@dataclass(frozen=True)
class Description:
    """`config` as read, empty when there is none; `notes` say what was broken."""

    kind: Literal["model", "adapter"] = "model"
    config: dict[str, Any] = field(default_factory=dict)
    base_model: str | None = None
    notes: tuple[str, ...] = ()


def describe(
    folder: Path, weights: WeightSet, tensors: Sequence[TensorRef]
) -> Description:
    """Read config.json or adapter_config.json; distinguish a model from a LoRA adapter.

    An adapter is what its file's name, its config or most of its tensors say. A config
    that cannot be read is a note: weights can be measured without it.
    """
    is_adapter = _is_adapter(folder, weights, tensors)
    name = ADAPTER_CONFIG if is_adapter else MODEL_CONFIG
    config, notes = _read_config(folder / name)
    if is_adapter and not config and weights.format == "safetensors":
        config = read_adapter_header(folder / weights.files[0])
    base = config.get("base_model_name_or_path") if is_adapter else None
    return Description(
        kind="adapter" if is_adapter else "model",
        config=config,
        base_model=base if _is_name(base) else None,
        notes=notes,
    )


def _is_name(text: Any) -> TypeGuard[str]:
    return isinstance(text, str) and text != "" and is_unicode(text)


def _is_adapter(folder: Path, weights: WeightSet, tensors: Sequence[TensorRef]) -> bool:
    if weights.role == "adapter":
        return True
    if weights.role == "other" and (folder / ADAPTER_CONFIG).is_file():
        return True
    names = [tensor.name for tensor in tensors if not tensor.skip_reason]
    n_lora = sum("lora_" in name for name in names)
    # A whole model with its adapters still attached keeps the layers below them.
    is_whole = any(".base_layer." in name for name in names)
    return not is_whole and 2 * n_lora > len(names)


def _read_config(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    if not path.is_file():
        return {}, ()
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        return {}, (f"{path.name} cannot be read ({error}): architecture unknown",)
    if not isinstance(config, dict):
        return {}, (f"{path.name} holds no JSON object: architecture unknown",)
    odd = [
        f"{key} = {config[key]!r:.40}" for key in _COUNTS if _is_odd(config.get(key))
    ]
    if odd:
        return config, (f"{path.name} says {', '.join(odd)}: no sizes, not used",)
    return config, ()


def _is_odd(value: Any) -> bool:
    """Whether a value stands where a count should and is none."""
    if value is None or isinstance(value, list):
        return False
    return type(value) is not int or value <= 0
