"""What does a checkpoint's folder say about its architecture and its base model?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeGuard

from pipeline.refs import TensorRef
from pipeline.sources.files import is_unicode
from pipeline.sources.weight_sets import WeightSet

MODEL_CONFIG = "config.json"
ADAPTER_CONFIG = "adapter_config.json"


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
    """Read config.json or adapter_config.json and tell a model from a LoRA adapter.

    An adapter is what its file's name, its config or most of its tensors say. A config
    that cannot be read is a note: weights can be measured without it.
    """
    is_adapter = _is_adapter(folder, weights, tensors)
    name = ADAPTER_CONFIG if is_adapter else MODEL_CONFIG
    config, notes = _read_config(folder / name)
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
    return config, ()
