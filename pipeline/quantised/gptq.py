"""GPTQ: codes packed along the inputs, a scale and a zero point per group of inputs.

qweight (in/p, out), qzeros (groups, out/p), scales (groups, out), p codes an int32, the
lowest bits first; w[o, i] = (q − z)·s of group g_idx[i].
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

# Codes of 3 bits run on from one word into the next.
_BITS = (2, 3, 4, 8)


def identify(group: Group, scheme: Scheme) -> Logical | None:
    codes = group.codes
    if scheme.method not in ("", "gptq"):
        return None
    stated = scheme.config.get("checkpoint_format", "gptq")
    if stated not in ("gptq", "gptq_v2"):
        raise UnsupportedForm(f"gptq packed for {stated}")
    scales, zeros = group.need("scales", "scales"), group.need("zeros", "qzeros")
    if not all(len(part.shape) == 2 for part in (codes, scales, zeros)):
        raise damaged(codes.name, "qweight, qzeros and scales are not all matrices")
    if not {codes.dtype, zeros.dtype} <= {"I32", "U32"}:
        raise UnsupportedForm(f"gptq codes packed in {codes.dtype}, not in I32")
    n_groups, n_out = scales.shape
    bits = 32 * zeros.shape[1] / n_out if n_out else 0
    if bits not in _BITS or codes.shape[1] != n_out or zeros.shape[0] != n_groups:
        raise damaged(
            codes.name,
            f"qweight of {sizes(codes.shape)}, qzeros of {sizes(zeros.shape)} and"
            f" scales of {sizes(scales.shape)} do not fit together",
        )
    n_in = codes.shape[0] * 32 // int(bits)
    size = _group_size(group, scheme, n_in, n_groups)
    order = group.parts.get("order")
    options = {
        "bits": int(bits),
        "group": size,
        "n_groups": n_groups,
        # Version 1 stores z − 1.
        "offset": 0 if stated == "gptq_v2" else 1,
    }
    if order is not None and (
        order.shape != (n_in,) or order.dtype not in ("I32", "I64")
    ):
        raise damaged(codes.name, f"g_idx of {sizes(order.shape)} for {n_in} inputs")
    return Logical(f"gptq int{int(bits)} g{size}", (n_out, n_in), options)


def _group_size(group: Group, scheme: Scheme, n_in: int, n_groups: int) -> int:
    stated = scheme.config.get("group_size")
    for size in (stated, n_in if n_groups == 1 else None, n_in // max(n_groups, 1)):
        if type(size) is int and size > 0 and -(-n_in // size) == n_groups:
            return size
    what = f"{n_groups} groups of scales for {n_in} inputs"
    raise damaged(group.codes.name, what)


def check_order(parts: Parts, options: Options) -> str:
    """What is wrong with a g_idx: it names groups that are not there."""
    order = parts.whole("order") if "order" in parts else np.zeros(0, np.int32)
    if order.size and not 0 <= order.min() <= order.max() < options["n_groups"]:
        named = f"{order.min()} to {order.max()}"
        return f"g_idx names groups {named} of {options['n_groups']}"
    return ""


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    bits = options["bits"]
    q = unpack(parts.whole("codes")[:, start:stop].T, bits)
    # Zero points are packed along the outputs: unpacked as rows of groups.
    # From a multiple of 32 on, where codes of any width begin with a word.
    first, last = start // 32 * bits, -(stop * bits // -32)
    z = unpack(parts.whole("zeros")[:, first:last], bits)
    z = z[:, start % 32 :][:, : stop - start].T
    z = (z + np.uint8(options["offset"])) & np.uint8((1 << bits) - 1)
    s = parts.columns("scales", start, stop).T
    return rescale(q, s, z, groups_of(parts, options))


def groups_of(parts: Parts, options: Options) -> int | NDArray[np.integer]:
    """The group of each input, or its size where they follow one another."""
    size: int = options["group"]
    if "order" not in parts:
        return size
    order = parts.whole("order").astype(np.int64)
    return size if np.array_equal(order, np.arange(order.size) // size) else order


GPTQ = Form(
    "gptq",
    {
        "codes": (".qweight",),
        "scales": (".scales",),
        "zeros": (".qzeros",),
        "order": (".g_idx",),
    },
    identify,
    decode,
    is_rowwise=False,
    check=check_order,
)
