"""Which tensors only say what codes mean, and which are codes that nothing here reads?

The structure decides, so that formats without a reader here are covered: integers in
the place of a weight are codes, and a tensor beside codes that is named as a scale is
no weight.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.quantised.form import Scheme
from pipeline.refs import TensorRef

Read = Callable[[TensorRef], NDArray[np.uint8]]

# Integers that models hold beside their weights, whatever these are stored as.
_INDICES = ("position_ids", "token_type_ids", "num_batches_tracked", "_index")
_WEIGHT = re.compile(r".*weights?|.*kernel|.*embedding", re.IGNORECASE)
# Words that a name of scales, zero points, maps and masks is made of.
_SCALE_LIKE = re.compile(
    r"(.*[._:])?(scales?|scale_inv|scaling_factor|zeros?|zps?|zero_points?|absmax|amax"
    r"|quant_map|quant_state|nbits|n?bits|group_size|axis|packing|bitmask|mask|g_idx"
    r"|invperm|perm|codebooks?|codebook_id|tables?2?|lut|shifts?|offsets?|centroids"
    r"|meta|suh|svh|su|sv|scb|weight_format|workspace|quant|blocks?|groups|max|min"
    r"|mcg|mul1|wscale|shape)([._:].*)?",
    re.IGNORECASE,
)
# Of activations and caches: in the module of the codes, or in one around it.
_ACTIVATIONS = re.compile(
    r"(input|output|act|activation|k|v|q|kv|attn|prob_output|k_cache|v_cache)_"
    r"(scales?|zero_point|global_scale|amax|shift)|scale_input|scale_output"
    r"|act_scales?|scaled_fp8|comfy_quant|smooth_scales?|w_bf16_to_fp8_scale"
)
# What a module has beside its codes that is measured as itself.
_OWN = frozenset({"weight", "bias"})
_MAX_JSON = 1 << 16


def mark_rest(
    tensors: Iterable[TensorRef],
    found: Mapping[str, TensorRef],
    scheme: Scheme,
    read: Read,
) -> dict[str, TensorRef]:
    """The tensors, by name, that no form claims and that are no weights."""
    loose = [one for one in tensors if one.name not in found and not one.skip_reason]
    names: dict[str, set[str]] = {}
    for one in loose:
        names.setdefault(_module(one.name), set()).add(_last(one.name))
    claimed = [one for one in found.values() if not one.is_side]
    marked = _mark_sides(loose, claimed, is_coded=bool(claimed or scheme.config))
    coded = {one.quantised.codes.dtype for one in claimed if one.quantised}
    unread = []
    for one in loose:
        reason = _why_codes(one, scheme, names[_module(one.name)], coded)
        if reason and one.name not in marked:
            unread.append(replace(one, skip_reason=f"unsupported: {reason}"))
    marked |= {one.name: one for one in unread}
    rest = [one for one in loose if one.name not in marked]
    marked |= _mark_sides(rest, unread, is_coded=bool(unread))
    for one in loose:
        if one.name not in marked and _is_json(one, read):
            reason = "its bytes spell JSON: settings, no weights"
            marked[one.name] = replace(one, skip_reason=reason, is_side=True)
    return marked


def _mark_sides(
    loose: Iterable[TensorRef], codes: Iterable[TensorRef], *, is_coded: bool
) -> dict[str, TensorRef]:
    """Those of the loose tensors that belong to some codes, by name."""
    modules = {_module(one.name): one.name for one in codes}
    names = set(modules.values())
    marked = {}
    for one in loose:
        home = _home(one, modules, names)
        reason = f"belongs to the codes {home}" if home else ""
        if not home and is_coded and _is_activation(one):
            empty = "empty: a mark of its format"
            reason = "scales of activations or caches" if one.n_elements else empty
        if reason:
            marked[one.name] = replace(one, skip_reason=reason, is_side=True)
    return marked


def _home(tensor: TensorRef, modules: Mapping[str, str], codes: Container[str]) -> str:
    """The codes that a tensor belongs to, empty where it is a tensor of its own."""
    name, last = tensor.name, _last(tensor.name)
    beside = modules.get(_module(name), "")
    is_small = not tensor.shape or (tensor.dtype[0] in "IU" and len(tensor.shape) == 1)
    if beside and beside != name and last not in _OWN:
        if _SCALE_LIKE.fullmatch(last) or is_small:
            return beside
        # w1_scale beside w1, experts of one module.
        stem = _last(beside)
        if last.startswith(stem) and _SCALE_LIKE.fullmatch(last[len(stem) :]):
            return beside
    # Fields below the codes' own name: weight.absmax, weight._shift.
    above = _module(name)
    while above:
        if above in codes:
            return above
        above = _module(above)
    return ""


def _why_codes(
    tensor: TensorRef, scheme: Scheme, beside: set[str], coded: set[str]
) -> str:
    """Why a tensor that no form claims holds codes; empty when it holds values."""
    dtype, last = tensor.dtype, _last(tensor.name)
    is_index = tensor.name.endswith(_INDICES) or not tensor.shape
    is_small_float = dtype.startswith(("F8", "F4", "F6"))
    is_integer = dtype[0] in "IU"
    if is_index or _is_activation(tensor) or not (is_integer or is_small_float):
        return ""
    if scheme.config:
        method = scheme.method or "an unnamed method"
        return f"{dtype} codes of {method}, in an unknown layout"
    if is_small_float:
        is_lone = dtype in coded
        what = f"{dtype} without a scale, beside codes of that type that have one"
        return what if is_lone else ""
    others = beside - _OWN - {last}
    if len(tensor.shape) < 2:
        return ""
    if dtype != "I64" and any(map(_SCALE_LIKE.fullmatch, others)):
        return f"{dtype} codes beside scales, in an unknown layout"
    is_weight = _WEIGHT.fullmatch(last) is not None
    return f"{dtype} in the place of a weight, without a scale" if is_weight else ""


def _is_activation(tensor: TensorRef) -> bool:
    return _ACTIVATIONS.fullmatch(_last(tensor.name)) is not None


def _is_json(tensor: TensorRef, read: Read) -> bool:
    """Whether bytes are no numbers but text, as settings kept beside weights are."""
    if tensor.dtype not in ("U8", "I8") or len(tensor.shape) != 1:
        return False
    if not 2 <= tensor.n_bytes <= _MAX_JSON:
        return False
    raw = read(tensor).tobytes().strip(b"\0 \n")
    try:
        return raw[:1] in (b"{", b"[") and json.loads(raw) is not None
    except (ValueError, RecursionError):
        return False


def _module(name: str) -> str:
    # quanto keeps packed codes in a tensor within its tensor: weight._data._data.
    return name.removesuffix("._data").rpartition(".")[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]
