"""Which forms of quantisation are known, and what do a tensor's codes stand for?"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from pipeline.quantised.awq import AWQ
from pipeline.quantised.bitmask import BITMASK
from pipeline.quantised.bitsandbytes import FOUR_BIT, INT8
from pipeline.quantised.float4 import MXFP4, NVFP4
from pipeline.quantised.form import Form, damaged
from pipeline.quantised.ggml import GGML
from pipeline.quantised.gptq import GPTQ
from pipeline.quantised.hqq import HQQ
from pipeline.quantised.in_use import IN_USE
from pipeline.quantised.mlx import MLX
from pipeline.quantised.packed import PACKED
from pipeline.quantised.parts import Parts
from pipeline.quantised.scaled import FIELDS, IN_MODULE, SCALED
from pipeline.refs import Quantised, TensorRef

# The first that claims a tensor has it: AWQ before GPTQ, whose names it shares.
FORMS: tuple[Form, ...] = (
    GGML,
    AWQ,
    GPTQ,
    INT8,
    FOUR_BIT,
    MXFP4,
    NVFP4,
    PACKED,
    BITMASK,
    HQQ,
    MLX,
    FIELDS,
    SCALED,
    IN_MODULE,
    *IN_USE,
)
_BY_NAME = {form.name: form for form in FORMS}

# Values decoded at a time: their temporaries stay near ten times as many bytes.
_BLOCK_VALUES = 1 << 19


def decode_into(
    tensor: TensorRef, parts: Parts, start: int, out: NDArray[np.uint8]
) -> None:
    """Fill `out` with the bytes, from `start` on, of the float32 values of a tensor.

    The values are in C order of `tensor.shape`. `start` and the size of `out` are
    multiples of 4.
    """
    form, options = _form_of(tensor)
    n_cols = tensor.shape[-1]
    values = out.view("<f4")
    first, last = start // 4, start // 4 + values.size
    step = max(_BLOCK_VALUES // n_cols, 1)
    for row in range(first // n_cols, -(-last // n_cols), step):
        stop = min(row + step, prod(tensor.shape[:-1]))
        # A scale of Inf or NaN is the file's: the statistics count what it makes.
        with np.errstate(all="ignore"):
            block = form.decode(parts, options, row, stop).reshape(-1)
        begin, end = max(row * n_cols, first), min(stop * n_cols, last)
        values[begin - first : end - first] = block[
            begin - row * n_cols : end - row * n_cols
        ]


def check_parts(tensor: TensorRef, parts: Parts) -> None:
    """Raise SourceError for stored values that no codes can have."""
    form, options = _form_of(tensor)
    problem = form.check(parts, options) if form.check else ""
    if problem:
        raise damaged(tensor.name, problem)


def is_rowwise(tensor: TensorRef) -> bool:
    """Whether rows can be decoded from their own codes, without all the others."""
    return _form_of(tensor)[0].is_rowwise


def _form_of(tensor: TensorRef) -> tuple[Form, dict[str, object]]:
    quantised = _quantised(tensor)
    return _BY_NAME[quantised.form], dict(quantised.options)


def _quantised(tensor: TensorRef) -> Quantised:
    if tensor.quantised is None:
        raise ValueError(f"{tensor.name!r} is not quantised")
    return tensor.quantised
