"""Which weights of a whole model are not in use as they lie there?

A checkpoint saved with its adapter unmerged holds the base's weight beside the factors:
the module computes with W + ΔW. How large ΔW is, the table `adapters` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.layout.naming import clean_name
from pipeline.layout.tuners import find_tuning
from pipeline.refs import TensorRef


def find_attached(tensors: Sequence[TensorRef]) -> Mapping[str, str]:
    """What is said of each base weight that lies beside factors of its module.

    Empty for adapters alone: they hold no weight of the base.
    """
    tuning = find_tuning(tensors)
    modules = {
        one.module: f"{one.kind} {one.adapter!r}"
        for one in tuning.modules
        if set(one.parts) - {"alpha"}
    }
    if not modules:
        return {}
    said = {}
    for tensor in tensors:
        if tensor.name in tuning.claimed or tensor.skip_reason:
            continue
        cleaned = clean_name(tensor.name)
        module, _, end = (cleaned.tower.prefix + cleaned.path).rpartition(".")
        if end in ("weight", "original") and module.removesuffix(".weight") in modules:
            kind = modules[module.removesuffix(".weight")]
            said[tensor.name] = f"not the weight in use: {kind} beside it is unmerged"
    return said
