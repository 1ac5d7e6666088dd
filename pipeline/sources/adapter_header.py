"""What does a safetensors header say of the adapter in it, where no config lies beside?

diffusers writes `lora_adapter_metadata`: JSON whose keys are PEFT's behind the name of
the network that they are of (`transformer.lora_alpha`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.sources.safetensors_header import read_metadata

_KEY = "lora_adapter_metadata"


def read_adapter_header(path: Path) -> dict[str, Any]:
    """The keys of an adapter_config.json, each network's own as patterns of names."""
    text = read_metadata(path).get(_KEY, "")
    try:
        stated = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return to_config(stated) if isinstance(stated, dict) else {}


def to_config(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of several networks in one config: `rank_pattern` and `alpha_pattern`."""
    config: dict[str, Any] = {"rank_pattern": {}, "alpha_pattern": {}}
    names = {"r": "rank_pattern", "lora_alpha": "alpha_pattern"}
    whole: dict[str, dict[str, Any]] = {name: {} for name in names.values()}
    for key, value in stated.items():
        network, _, leaf = key.rpartition(".")
        within = f"{re.escape(network)}\\." if network else ""
        if leaf in names:
            whole[names[leaf]][f"{within}.*"] = value
        elif leaf in config and isinstance(value, Mapping):
            config[leaf] |= {
                f"{within}(?:.*\\.)?(?:{one})": own for one, own in value.items()
            }
        elif leaf not in config:
            config.setdefault(leaf, value)
    # The first pattern that fits wins: a module's own before its network's.
    return config | {name: config[name] | whole[name] for name in whole}
