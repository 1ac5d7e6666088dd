"""compressed-tensors `weight_packed`: integers packed along the inputs, with groups.

weight_packed (out, in/p) with p codes an int32, the lowest bits first, each raised by
2^(bits−1); weight_shape holds (out, in); w = (q − z)·s of group g_idx or i // group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.quantised.arithmetic import integers, rescale, unpack
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
from pipeline.quantised.gptq import check_order, groups_of
from pipeline.quantised.parts import Parts

_BITS = (2, 4, 8)


def identify(group: Group, _: Scheme) -> Logical | None:
    codes = group.codes
    if codes.dtype != "I32":
        raise UnsupportedForm(f"compressed-tensors codes packed in {codes.dtype}")
    scales = group.need("scales", "weight_scale")
    n_out, n_in = _read_shape(group)
    if len(codes.shape) != 2 or codes.shape[0] != n_out:
        what = f"weight_packed of {sizes(codes.shape)} for {n_out} outputs"
        raise damaged(codes.name, what)
    bits = next((b for b in _BITS if -(n_in * b // -32) == codes.shape[1]), 0)
    if not bits:
        what = f"{n_in} inputs packed in {codes.shape[1]} words"
        raise UnsupportedForm(f"compressed-tensors with {what}")
    n_groups = scales.n_elements // n_out
    if scales.shape not in ((n_out, n_groups), (n_out,)) or not n_groups:
        what = f"scales of {sizes(scales.shape)} for {n_out} outputs"
        raise damaged(codes.name, what)
    options = {
        "bits": bits,
        "n_in": n_in,
        "n_out": n_out,
        "n_groups": n_groups,
        "group": -(-n_in // n_groups),
        "zeros": _zero_layout(group, bits, n_out, n_groups),
    }
    order = group.parts.get("order")
    if order is not None and order.shape != (n_in,):
        what = f"weight_g_idx of {sizes(order.shape)} for {n_in} inputs"
        raise damaged(codes.name, what)
    name = f"compressed int{bits} g{options['group']}"
    return Logical(name, (n_out, n_in), options)


def _read_shape(group: Group) -> tuple[int, int]:
    n_out, n_in = integers(group, "shape", 2)
    if min(n_out, n_in) <= 0:
        raise damaged(group.codes.name, f"weight_shape says {n_out}×{n_in}")
    return n_out, n_in


def _zero_layout(group: Group, bits: int, n_out: int, n_groups: int) -> str:
    zeros = group.parts.get("zeros")
    if zeros is None:
        return ""
    if zeros.dtype == "I32" and zeros.shape == (-(n_out * bits // -32), n_groups):
        return "packed"
    if zeros.dtype == "I8" and zeros.n_elements == n_out * n_groups:
        return "plain"
    what = f"zero points of {sizes(zeros.shape)} in {zeros.dtype} do not fit its scales"
    raise damaged(group.codes.name, what)


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    bits, n_out = options["bits"], options["n_out"]
    q = unpack(parts.rows("codes", start, stop), bits)[:, : options["n_in"]]
    s = parts.numbers("scales").reshape(n_out, -1)[start:stop]
    z = np.full_like(s, 1 << (bits - 1))
    if options["zeros"] == "packed":  # raised as the codes are
        z = unpack(parts.whole("zeros").T, bits).T[start:stop].astype(np.float32)
    elif options["zeros"] == "plain":
        z += parts.numbers("zeros").reshape(n_out, -1)[start:stop]
    return rescale(q, s, z, groups_of(parts, options))


PACKED = Form(
    "packed",
    {
        "codes": ("_packed",),
        "scales": ("_scale",),
        "zeros": ("_zero_point",),
        "shape": ("_shape",),
        "order": ("_g_idx",),
    },
    identify,
    decode,
    check=check_order,
)
