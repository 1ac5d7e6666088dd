"""8-bit codes with a scale per tensor, row or block, from any library.

w = (q − z)·s, with s per block: DeepSeek, compressed-tensors, ComfyUI, quanto, torchao.
What DeepSeek calls `weight_scale_inv` is s as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.metrics.arrays.decode import to_float
from pipeline.quantised.arithmetic import rescale
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
from pipeline.refs import TensorRef

# Methods whose 8-bit floats mean nothing without a scale; elsewhere they may be a cast.
_METHODS = ("fp8", "compressed-tensors", "fbgemm_fp8", "modelopt", "finegrained_fp8")
_SHUFFLED = ("eetq",)
_USUAL_BLOCK = 128


def identify(group: Group, scheme: Scheme) -> Logical | None:
    codes = group.codes
    is_float = codes.dtype.startswith("F8") and codes.dtype != "F8_E8M0"
    if not (is_float or codes.dtype == "I8") or not codes.shape:
        return None
    is_stated = scheme.method in _METHODS and len(codes.shape) > 1
    if "scales" not in group.parts and not is_stated:
        return None
    if codes.dtype == "I8" and scheme.method in _SHUFFLED:
        raise UnsupportedForm(f"codes in the order of {scheme.method}'s kernels")
    scales = group.need("scales", "weight_scale or weight_scale_inv")
    # A byte a block is a power of two: MX formats store nothing but its exponent.
    is_exponent = scales.dtype == "U8" and is_float and len(scales.shape) > 1
    if DTYPES[scales.dtype].kind != "float" and not is_exponent:
        return None
    if 0 in codes.shape:
        raise damaged(codes.name, f"codes of shape {sizes(codes.shape)}")
    blocks = _blocks(codes, scales, scheme)
    zeros = group.parts.get("zeros")
    if zeros is not None and zeros.n_elements != scales.n_elements:
        what = f"zero points of {sizes(zeros.shape)} do not fit its scales"
        raise damaged(codes.name, what)
    kind = f"fp8 {codes.dtype[3:].lower()}" if is_float else "int8"
    name = f"{kind} {_granularity(codes.shape, blocks)}"
    return Logical(name, codes.shape, {"blocks": blocks, "shape": codes.shape})


def _blocks(codes: TensorRef, scales: TensorRef, scheme: Scheme) -> tuple[int, ...]:
    """Along each axis, how many codes share a scale."""
    shape = codes.shape
    if scales.n_elements == 1:
        return shape
    found = scales.shape
    if found == shape[: len(found)]:
        found += (1,) * (len(shape) - len(found))
    stated = scheme.config.get("weight_block_size")
    stated = stated if isinstance(stated, list) else []
    # A stated block is for the last two axes: before them come experts.
    wanted = [*(1 for _ in shape[2:]), *stated][-len(shape) :]
    wanted = [1] * (len(shape) - len(wanted)) + wanted
    if len(found) == len(shape):
        blocks = [
            next(_fits(size, n, want), 0)
            for size, n, want in zip(shape, found, wanted, strict=True)
        ]
        if all(blocks):
            return tuple(blocks)
    what = f"scales of {sizes(scales.shape)} do not fit codes of {sizes(shape)}"
    raise damaged(codes.name, what)


def _fits(size: int, n_blocks: int, wanted: object) -> Iterator[int]:
    """Sizes of a block that make `n_blocks` of `size`, the most likely first."""
    if n_blocks == size:
        yield 1
    if n_blocks == 1:
        yield size
    for block in (wanted, _USUAL_BLOCK):
        if type(block) is int and block > 0 and -(-size // block) == n_blocks:
            yield block
    if 0 < n_blocks < size and size % n_blocks == 0:
        yield size // n_blocks


def _granularity(shape: tuple[int, ...], blocks: tuple[int, ...]) -> str:
    if blocks == shape:
        return "per tensor"
    if blocks[-1] == shape[-1] and set(blocks[-2:-1]) == {1}:
        return "per row"
    return sizes(blocks[-2:])


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    shape, blocks = options["shape"], options["blocks"]
    n_blocks = [-(-size // block) for size, block in zip(shape, blocks, strict=True)]
    places = np.unravel_index(np.arange(start, stop), shape[:-1])
    row = np.ravel_multi_index(
        [at // block for at, block in zip(places, blocks[:-1], strict=True)],
        n_blocks[:-1],
    )
    codes = to_float(parts.rows("codes", start, stop), parts.dtype("codes"))

    def of_rows(role: str) -> NDArray[np.float32]:
        dtype = parts.dtype(role)
        is_exponent = role == "scales" and dtype == "U8"
        numbers = to_float(parts.whole(role), "F8_E8M0" if is_exponent else dtype)
        table = numbers.reshape(prod(n_blocks[:-1]), n_blocks[-1])
        return np.asarray(table[row], np.float32)

    zeros = of_rows("zeros") if "zeros" in parts else None
    return rescale(codes, of_rows("scales"), zeros, blocks[-1])


# The scale stands beside the codes' own name (weight_scale), in their module
# (scale_weight), or both are the fields of a tensor that is a class of its own.
SCALED = Form(
    "scaled",
    {
        "codes": ("",),
        "scales": (
            *("_scale_inv", "_scale", ".scale", "_scales", "_scale_factor"),
            *("_descale", "_dequant_scale", ".descale"),
        ),
        "zeros": ("_zero_point",),
    },
    identify,
    decode,
)
IN_MODULE = Form(
    "scaled in its module",
    {
        "codes": (".weight",),
        "scales": (
            *(".scale_weight", ".weight_scale", ".weight_scales", ".scale_inv"),
            *(".weight_scale_inv", ".scales", ".scale", ".scales_inv", ".scale_w"),
            *(".w_scale", ".wscale", ".weight_scale_factor", ".scale_factor"),
            *(".descale", ".weight_descale", ".dequant_scale"),
            ".weight_dequant_scale",
        ),
        "zeros": (".weight_zero_point", ".zero_point", ".zeros"),
    },
    identify,
    decode,
)
FIELDS = Form(
    "scaled fields",
    {
        "codes": ("._data", "_qdata", ":qdata"),
        "scales": ("._scale", "_scale", ":scale"),
        "zeros": ("_zero_point", ":zero_point"),
    },
    identify,
    decode,
)
