"""What does a config say of how its model's weights are coded?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.quantised.form import Scheme

_CONFIG_KEYS = ("quantization_config", "compression_config", "quantization")
# What MLX writes under `quantization`, and again where others name their method.
_MLX = "mlx"


def read_scheme(config: Mapping[str, Any]) -> Scheme:
    """The method of quantisation, of the whole model or of one of its towers.

    MLX states no method, only widths and groups; AutoRound states by whose packing its
    codes are kept, and is taken for that one.
    """
    towers = [one for one in config.values() if isinstance(one, dict)]
    for place in (config, *towers):
        for key in _CONFIG_KEYS:
            stated = place.get(key)
            if isinstance(stated, dict) and stated:
                method = _method(stated)
                if not method and _states_groups(stated):
                    method = _MLX
                return Scheme(_packing(method, stated), stated)
    return Scheme()


def _method(stated: Mapping[str, Any]) -> str:
    method = stated.get("quant_method")
    return method.lower() if isinstance(method, str) else ""


def _states_groups(stated: Mapping[str, Any]) -> bool:
    return "bits" in stated and "group_size" in stated


def _packing(method: str, stated: Mapping[str, Any]) -> str:
    if method.removeprefix("intel/").replace("_", "-") != "auto-round":
        return method
    default = "auto_round:gptq"  # as transformers takes it
    packing = stated.get("packing_format") or stated.get("backend") or default
    return next((one for one in ("awq", "gptq") if one in str(packing)), method)
