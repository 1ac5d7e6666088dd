"""AWQ: codes packed along the outputs, eight an int32 in an interleaved order.

qweight (in, out/8), qzeros (groups, out/8), scales (groups, out);
w[o, i] = (q − z)·s of group i // group_size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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

# Nibble k of a word belongs to output _ORDER[k] of the word's eight.
_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
_PLACE = np.argsort(_ORDER)


def identify(group: Group, scheme: Scheme) -> Logical | None:
    codes, scales = group.codes, group.parts.get("scales")
    is_awq = (
        scales is not None
        and len(codes.shape) == len(scales.shape) == 2
        and codes.shape[1] * 8 == scales.shape[1]
    )
    if scheme.method != "awq" and (scheme.method or not is_awq):
        return None
    version = str(scheme.config.get("version", "gemm")).lower()
    if version != "gemm":
        raise UnsupportedForm(f"awq packed for {version}, not for gemm")
    scales, zeros = group.need("scales", "scales"), group.need("zeros", "qzeros")
    n_groups = scales.shape[0] if scales.shape else 0
    n_in = codes.shape[0] if codes.shape else 0
    if (
        not is_awq
        or codes.dtype != "I32"
        or zeros.dtype != "I32"
        or zeros.shape != (n_groups, codes.shape[1])
        or not n_groups
        or n_in % n_groups
    ):
        raise damaged(
            codes.name,
            f"qweight of {sizes(codes.shape)}, qzeros of {sizes(zeros.shape)} and"
            f" scales of {sizes(scales.shape)} do not fit together",
        )
    size = n_in // n_groups
    shape = (scales.shape[1], n_in)
    return Logical(f"awq int4 g{size}", shape, {"group": size})


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    first, last = start // 8, -(-stop // 8)
    cut = slice(start - 8 * first, stop - 8 * first)

    def outputs(role: str) -> NDArray[np.uint8]:
        words = parts.whole(role)[:, first:last]
        codes = unpack(words, 4).reshape(len(words), -1, 8)[..., _PLACE]
        return codes.reshape(len(words), -1)[:, cut].T

    s = parts.columns("scales", start, stop).T
    return rescale(outputs("codes"), s, outputs("zeros"), options["group"])


AWQ = Form(
    "awq",
    {"codes": (".qweight",), "scales": (".scales",), "zeros": (".qzeros",)},
    identify,
    decode,
    is_rowwise=False,
)
