"""Which plain floats are codes, or lie beside a scale that they no longer need?

Simulated quantisation keeps the rounded weights with their scales; some tools keep
whole-number codes in a float dtype. Whole numbers beside a scale are codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.errors import SourceError
from pipeline.metrics.arrays.decode import to_float
from pipeline.refs import TensorRef

_SCALE = re.compile(r"(weight_)?(scales?(_inv|_2)?|zeros?|zero_points?|amax)")
_STATED = re.compile(r"weight_(scales?(_inv|_2)?|amax)|zero_points?")
_SAMPLE_BYTES = 1 << 12


def has_scales(name: str) -> bool:
    """Whether a name says that some weight has, or had, a scale of quantisation."""
    return _STATED.fullmatch(name.rpartition(".")[2]) is not None


def mark_fakes(
    by_name: Mapping[str, TensorRef],
    read: Callable[[TensorRef], NDArray[np.uint8]],
) -> dict[str, TensorRef]:
    """Scales beside plain weights as side tensors, and weights that hold codes."""
    modules = {n.rpartition(".")[0] for n in by_name if has_scales(n)}
    marked: dict[str, TensorRef] = {}
    for module in modules:
        weight = by_name.get(f"{module}.weight")
        if weight is None or len(weight.shape) < 2 or weight.n_elements == 0:
            continue
        if _are_whole(weight, read):
            reason = f"unsupported: whole numbers in {weight.dtype} beside a scale"
            marked[weight.name] = replace(weight, skip_reason=reason)
        said = f"scale beside {weight.name}, which is stored as values"
        if weight.name in marked:
            said = f"belongs to the codes {weight.name}"
        for name, one in by_name.items():
            above, _, last = name.rpartition(".")
            is_part = above == module and _SCALE.fullmatch(last)
            if is_part and one.n_elements < weight.n_elements:
                marked[name] = replace(one, skip_reason=said, is_side=True)
    return marked


def _are_whole(
    weight: TensorRef, read: Callable[[TensorRef], NDArray[np.uint8]]
) -> bool:
    """Whether the first values are whole numbers, not all of them 0."""
    size = DTYPES[weight.dtype].bits // 8
    n_bytes = min(weight.n_bytes, _SAMPLE_BYTES // size * size)
    try:
        raw = read(replace(weight, n_bytes=n_bytes, shape=(n_bytes // size,)))
    except SourceError:
        return False  # reported when the weight itself is read
    values = to_float(raw.view(DTYPES[weight.dtype].numpy), weight.dtype)
    return bool(values.any() and (values == np.round(values)).all())
