"""HQQ: codes in rows of groups, the parts of a word being rows far apart.

W_q (rows/p, cols) holds p codes a word, the highest bits being the first rows; the
weight, seen as (rows, cols), is (q − zero)·scale with one of each a row (axis 1) or a
column (axis 0).
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

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

# By bits: the dtype of a word, and how many codes are in one.
_PACKINGS = {8: ("U8", 1), 4: ("U8", 2), 3: ("I32", 10), 2: ("U8", 4), 1: ("U8", 8)}


def identify(group: Group, _: Scheme) -> Logical | None:
    codes = group.codes
    if not {"scales", "bits", "shape"} <= set(group.parts):
        raise UnsupportedForm("HQQ codes without their scale, nbits or shape")
    scales, zeros = group.parts["scales"], group.need("zeros", "zero")
    (bits,) = integers(group, "bits", 1)
    shape = integers(group, "shape")
    word, per_word = _PACKINGS.get(bits, ("", 0))
    if codes.dtype != word or len(codes.shape) != 2:
        raise UnsupportedForm(f"HQQ with {bits} bits packed in {codes.dtype}")
    if {scales.dtype, zeros.dtype} & {"U8", "I8"}:
        raise UnsupportedForm("HQQ with scales that are codes themselves")
    n_cols = codes.shape[1]
    n_rows = prod(shape) // max(n_cols, 1)
    axis = 0 if scales.shape[:1] == (1,) and n_rows > 1 else 1
    n_scales = n_cols if axis == 0 else n_rows
    is_fit = (
        min(shape, default=0) > 0
        and n_rows * n_cols == prod(shape)
        and codes.shape[0] == -(-n_rows // per_word)
        and scales.n_elements == zeros.n_elements == n_scales
    )
    if not is_fit:
        what = (
            f"W_q of {sizes(codes.shape)} and a scale of {sizes(scales.shape)} do not"
            f" fit a weight of {sizes(shape)} with {bits} bits"
        )
        raise damaged(codes.name, what)
    options = {"bits": bits, "n_cols": n_cols, "axis": axis, "n_in": shape[-1]}
    return Logical(f"hqq int{bits} axis {axis}", shape, options)


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    bits, n_in = options["bits"], options["n_in"]
    words = parts.whole("codes")
    _, per_word = _PACKINGS[bits]
    row, column = np.divmod(np.arange(start * n_in, stop * n_in), options["n_cols"])
    part, row_of_words = np.divmod(row, len(words))
    shift = bits * (per_word - 1 - part)
    q = (words[row_of_words, column].astype(np.int64) >> shift) & ((1 << bits) - 1)
    at = column if options["axis"] == 0 else row
    zeros = parts.numbers("zeros").reshape(-1)[at]
    values = (q.astype(np.float32) - zeros) * parts.numbers("scales").reshape(-1)[at]
    return np.asarray(values.reshape(stop - start, n_in), np.float32)


HQQ = Form(
    "hqq",
    {
        "codes": (".W_q",),
        "scales": (".scale",),
        "zeros": (".zero",),
        "bits": (".nbits",),
        "shape": (".shape",),
    },
    identify,
    decode,
    is_rowwise=False,
)
