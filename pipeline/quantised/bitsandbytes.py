"""bitsandbytes: int8 with a scale a row, nf4 and fp4 with a codebook and block scales.

int8: w = q·SCB/127. Four bits: flat blocks, two codes a byte, the high nibble first;
w = quant_map[q]·absmax. absmax may be codes itself: nested_quant_map[a]·nested_absmax
+ nested_offset.
"""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def identify_int8(group: Group, scheme: Scheme) -> Logical | None:
    codes = group.codes
    if codes.dtype != "I8" or len(codes.shape) != 2:
        return None
    if "scales" not in group.parts and scheme.method != "bitsandbytes":
        return None
    scales = group.need("scales", "SCB")
    if scales.shape not in ((codes.shape[0],), (codes.shape[0], 1)):
        what = f"SCB of {sizes(scales.shape)} for {codes.shape[0]} rows"
        raise damaged(codes.name, what)
    layout = group.parts.get("format")
    if layout is not None and group.read(layout).any():
        raise UnsupportedForm("bitsandbytes int8 in a tiled layout, not by rows")
    return Logical("bitsandbytes int8", codes.shape)


def decode_int8(parts: Parts, _: Options, start: int, stop: int) -> NDArray[np.float32]:
    scales = parts.numbers("scales").reshape(-1, 1)[start:stop]
    codes = parts.rows("codes", start, stop).astype(np.float32)
    return codes * (scales / np.float32(127))


def identify_4bit(group: Group, scheme: Scheme) -> Logical | None:
    codes = group.codes
    # Bytes, or bytes that were called a float so that FSDP would shard them.
    is_stated = (
        codes.dtype == "U8"
        and scheme.method == "bitsandbytes"
        and codes.name.endswith("weight")
    )
    if not (is_stated or {"scales", "state"} & set(group.parts)):
        return None
    state = _read_state(group)
    scales = group.need("scales", "absmax")
    codebook = group.need("codebook", "quant_map")
    shape, size = tuple(state["shape"]), state["blocksize"]
    n = prod(shape)
    n_blocks = -(-n // size)
    fits = {
        f"{codes.n_bytes} bytes of codes": codes.n_bytes == -(-n // 2),
        f"absmax of {sizes(scales.shape)}": scales.n_elements == n_blocks,
        f"quant_map of {sizes(codebook.shape)}": codebook.n_elements == 16,
    }
    options = {"shape": shape, "block": size}
    if scales.dtype == "U8":
        inner = group.need("nested_scales", "nested_absmax")
        book = group.need("nested_codebook", "nested_quant_map")
        step = state.get("nested_blocksize")
        fits["nested_blocksize"] = _is_size(step)
        fits[f"nested_absmax of {sizes(inner.shape)}"] = _is_size(
            step
        ) and inner.n_elements == -(-n_blocks // step)
        fits[f"nested_quant_map of {sizes(book.shape)}"] = book.n_elements == 256
        options |= {"nested": step, "offset": float(state.get("nested_offset", 0.0))}
    for what, is_fit in fits.items():
        if not is_fit:
            raise damaged(codes.name, f"{what} for {sizes(shape)} by blocks of {size}")
    return Logical(f"bitsandbytes {state['quant_type']} b{size}", shape, options)


def _read_state(group: Group) -> dict[str, Any]:
    raw = group.read(group.need("state", "quant_state")).tobytes()
    try:
        state = json.loads(raw)
    except ValueError as error:
        what = f"its quant_state is no JSON ({error})"
        raise damaged(group.codes.name, what) from error
    shape = state.get("shape") if isinstance(state, dict) else None
    if (
        not isinstance(shape, list)
        or not shape
        or not all(_is_size(size) for size in shape)
        or not _is_size(state.get("blocksize"))
        or state.get("quant_type") not in ("nf4", "fp4")
        or not isinstance(state.get("nested_offset", 0.0), int | float)
    ):
        raise damaged(group.codes.name, f"its quant_state is {state!r:.120}")
    return dict(state)


def _is_size(size: object) -> bool:
    return type(size) is int and 0 < size < 2**31


def decode_4bit(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    n_cols = options["shape"][-1]
    first, last = start * n_cols, stop * n_cols
    packed = parts.bytes_of("codes", first // 2, -(-last // 2))
    book = parts.numbers("codebook").reshape(-1)
    # Both values of each of the 256 bytes, the high nibble first.
    pairs = np.stack([book.repeat(16), np.tile(book, 16)], axis=-1)
    values = np.take(pairs, packed, axis=0).reshape(-1)
    values = values[first % 2 :][: last - first]
    block = options["block"]
    scales = _scales(parts, options, first // block, -(-last // block))
    # Blocks run over the ends of rows: one row of all values, if it begins with one.
    of: int | NDArray[np.integer] = block
    if first % block or last % block:
        of = np.arange(first, last) // block - first // block
    return rescale(values[None], scales[None], None, of).reshape(-1, n_cols)


def _scales(
    parts: Parts, options: Options, first: int, last: int
) -> NDArray[np.float32]:
    if "nested" not in options:
        return parts.numbers("scales").reshape(-1)[first:last]
    codes = parts.whole("scales").reshape(-1)[first:last]
    outer = parts.numbers("nested_scales").reshape(-1)
    of = np.arange(first, last) // options["nested"]
    values = parts.numbers("nested_codebook").reshape(-1)[codes] * outer[of]
    return np.asarray(values + np.float32(options["offset"]), np.float32)


INT8 = Form(
    "bitsandbytes int8",
    {"codes": (".weight",), "scales": (".SCB",), "format": (".weight_format",)},
    identify_int8,
    decode_int8,
)
FOUR_BIT = Form(
    "bitsandbytes 4-bit",
    {
        "codes": ("",),
        "scales": (".absmax",),
        "codebook": (".quant_map",),
        "nested_scales": (".nested_absmax",),
        "nested_codebook": (".nested_quant_map",),
        "state": (
            ".quant_state.bitsandbytes__nf4",
            ".quant_state.bitsandbytes__fp4",
        ),
    },
    identify_4bit,
    decode_4bit,
)
