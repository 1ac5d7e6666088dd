"""MLX: codes of 2 to 8 bits in 32-bit words, scaled and shifted by groups of inputs.

weight (…, in·bits/32) U32, a stream of bits from the lowest on; affine: scales and
biases (…, in/group), w = q·s + b. mxfp4, nvfp4 and mxfp8 hold small floats and one byte
of scale a group.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.arrays.decode import code_values, to_float
from pipeline.quantised.arithmetic import rescale, unpack
from pipeline.quantised.form import (
    Form,
    Group,
    Logical,
    Options,
    Scheme,
    UnsupportedForm,
    damaged,
    sizes,
)
from pipeline.quantised.parts import Parts

_BITS = range(2, 9)
# Bits, group, the dtypes of a code and of a scale.
_FLOATS = {
    "mxfp4": (4, 32, "F4", "F8_E8M0"),
    "nvfp4": (4, 16, "F4", "F8_E4M3"),
    "mxfp8": (8, 32, "F8_E4M3", "F8_E8M0"),
}


def identify(group: Group, scheme: Scheme) -> Logical | None:
    codes, scales = group.codes, group.parts.get("scales")
    if codes.dtype != "U32" or scales is None or not codes.shape:
        return None
    if scales.shape[:-1] != codes.shape[:-1] or not scales.shape:
        what = f"scales of {sizes(scales.shape)} do not fit {sizes(codes.shape)} words"
        raise damaged(codes.name, what)
    stated = _stated(group, scheme)
    mode = str(stated.get("mode") or "affine")
    n_bits, n_groups = 32 * codes.shape[-1], scales.shape[-1]
    if mode in _FLOATS:
        bits, size, _, _ = _FLOATS[mode]
        is_fit = scales.dtype == "U8"
    elif mode == "affine":
        biases = group.need("biases", "biases")
        is_fit = scales.dtype != "U8" and biases.shape == scales.shape
        size = stated.get("group_size", 0)
        if type(size) is not int or size <= 0:
            raise UnsupportedForm("MLX codes, whose group size the config does not say")
        # Mixed checkpoints state one width: the shapes say each.
        bits = n_bits // max(n_groups * size, 1)
    else:
        raise UnsupportedForm(f"MLX codes of mode {mode}")
    if not is_fit or bits not in _BITS or n_groups * size * bits != n_bits:
        raise damaged(
            codes.name,
            f"{sizes(codes.shape)} words and scales of {sizes(scales.shape)} do not fit"
            f" groups of {size}",
        )
    shape = (*codes.shape[:-1], n_groups * size)
    name = f"mlx int{bits} g{size}" if mode == "affine" else f"mlx {mode}"
    return Logical(name, shape, {"bits": bits, "group": size, "mode": mode})


def _stated(group: Group, scheme: Scheme) -> dict[str, Any]:
    """What holds for this module: its own entry, else that of the whole model."""
    whole = dict(scheme.config)
    own = whole.get(group.codes.name.removesuffix(".weight"))
    return whole | own if isinstance(own, dict) else whole


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    codes = unpack(parts.rows("codes", start, stop), options["bits"])

    def of_rows(role: str) -> NDArray[np.generic]:
        table = parts.whole(role)
        return table.reshape(prod(table.shape[:-1]), -1)[start:stop]

    scales, mode, group = of_rows("scales"), options["mode"], options["group"]
    if mode in _FLOATS:
        _, _, code, scale = _FLOATS[mode]
        values = code_values(code).astype(np.float32)[codes]
        return rescale(values, _numbers(scales, scale), None, group)
    values = rescale(codes, _numbers(scales, parts.dtype("scales")), None, group)
    grouped = values.reshape(len(values), -1, group)
    grouped += _numbers(of_rows("biases"), parts.dtype("biases"))[..., None]
    return values


def _numbers(patterns: NDArray[np.generic], dtype: str) -> NDArray[np.float32]:
    return to_float(patterns, dtype).astype(np.float32, copy=False)


MLX = Form(
    "mlx",
    {"codes": (".weight",), "scales": (".scales",), "biases": (".biases",)},
    identify,
    decode,
)
