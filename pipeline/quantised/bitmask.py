"""compressed-tensors' sparse weights: the values that are not zero, and a bit for each.

bitmask (out, in/8), the lowest bit first; compressed holds the values row by row, for
2:4 sparsity as (out, in/2), else in one row, with row_offsets saying where each begins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.metrics.arrays.decode import to_float
from pipeline.quantised.arithmetic import integers
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


def identify(group: Group, _: Scheme) -> Logical | None:
    codes, mask = group.codes, group.parts.get("mask")
    if mask is None:
        return None
    shape = integers(group, "shape", 2)
    if DTYPES[codes.dtype].bits < 16 or DTYPES[codes.dtype].kind != "float":
        raise UnsupportedForm(f"sparse values that are {codes.dtype} codes themselves")
    n_out, n_in = shape
    if mask.dtype != "U8" or mask.shape != (n_out, -(-n_in // 8)) or min(shape) <= 0:
        what = f"a bitmask of {sizes(mask.shape)} for a weight of {sizes(shape)}"
        raise damaged(codes.name, what)
    kind = "2:4" if codes.shape == (n_out, n_in // 2) else "bitmask"
    return Logical(f"sparse {kind}", shape, {"n_in": n_in})


def check(parts: Parts, _: Options) -> str:
    n_set = int(np.unpackbits(_bits(parts)).sum())
    n_stored = parts.whole("codes").size
    if n_set == n_stored:
        return ""
    return f"its bitmask marks {n_set} values, and {n_stored} are stored"


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    mask = _bits(parts)
    is_set = np.unpackbits(mask[:stop], axis=1, bitorder="little")[:, : options["n_in"]]
    first = int(is_set[:start].sum())
    is_set = is_set[start:].astype(bool)
    stored = parts.whole("codes").reshape(-1)[first : first + int(is_set.sum())]
    values = np.zeros(is_set.shape, np.float32)
    values[is_set] = to_float(stored, parts.dtype("codes"))
    return values


def _bits(parts: Parts) -> NDArray[np.uint8]:
    return np.asarray(parts.whole("mask"), np.uint8)


BITMASK = Form(
    "bitmask",
    {
        "codes": (".compressed",),
        "mask": (".bitmask",),
        "shape": (".shape",),
        "offsets": (".row_offsets",),
    },
    identify,
    decode,
    is_rowwise=False,
    check=check,
)
