"""Which tensors only say what codes mean, and which are codes that nothing here reads?

The structure decides, so that formats without a reader here are covered: integers in
the place of a weight are codes, and a tensor beside codes that is named as a scale is
no weight.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.quantised.form import Scheme
from pipeline.refs import TensorRef

Read = Callable[[TensorRef], NDArray[np.uint8]]

# Integers that models hold beside their weights, whatever these are stored as.
_INDEX = re.compile(
    r".*(_ids|_index|_indices|mask|num_batches_tracked|bias|coords|buckets?)"
)
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
# A linear layer's own tensor: what else its module holds says what the codes mean.
_CODES = re.compile(
    r"q?weights?(_(packed|orig|q))?|kernel|packed|codes|words|w_?q|q_?data|qidxs|indices"
    r"|compressed|trellis|q_weight|q|qs|quants|_packed_params",
    re.IGNORECASE,
)
# What adapters and reparametrisations add to a module, as weights of their own.
_ADDED = re.compile(r"lora_|hada_|lokr_|oft_|vera_|ia3_|weight_[guv]$|dora")
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
    beside: dict[str, list[TensorRef]] = {}
    for one in loose:
        beside.setdefault(_module(one.name), []).append(one)
    claimed = [one for one in found.values() if not one.is_side]
    marked = _mark_sides(loose, claimed, is_coded=bool(claimed or scheme.config))
    coded = {one.quantised.codes.dtype for one in claimed if one.quantised}
    unread = []
    for one in loose:
        reason = _why_codes(one, scheme, beside[_module(one.name)], coded)
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
    codes = tuple(codes)
    modules: dict[str, list[str]] = {}
    for one in codes:
        modules.setdefault(_module(one.name), []).append(one.name)
    names = {one.name for one in codes}
    owners = {one.name for one in codes if _owns_module(one)}
    marked = {}
    for one in loose:
        home = _home(one, modules, names, owners)
        reason = f"belongs to the codes {home}" if home else ""
        if not home and is_coded and _is_activation(one):
            empty = "empty: a mark of its format"
            reason = "scales of activations or caches" if one.n_elements else empty
        if reason:
            marked[one.name] = replace(one, skip_reason=reason, is_side=True)
    return marked


def _home(
    tensor: TensorRef,
    modules: Mapping[str, Sequence[str]],
    codes: Container[str],
    owners: Container[str],
) -> str:
    """The codes that a tensor belongs to, empty where it is a tensor of its own."""
    name, last = tensor.name, _last(tensor.name)
    beside = [one for one in modules.get(_module(name), ()) if one != name]
    is_small = not tensor.shape or (tensor.dtype[0] in "IU" and len(tensor.shape) == 1)
    # w1_scale beside w1, experts of one module.
    own = [x for x in beside if re.match(re.escape(_last(x)) + r"[_:]", last)]
    if beside and last not in _OWN:
        is_named = _SCALE_LIKE.fullmatch(last) is not None
        is_added = _ADDED.match(last) is not None
        if own or is_named or is_small or (beside[0] in owners and not is_added):
            return (own or beside)[0]
    # Fields below the codes' own name: weight.absmax, weight._shift.
    above = _module(name)
    while above:
        if above in codes:
            return above
        above = _module(above)
    return ""


def _why_codes(
    tensor: TensorRef, scheme: Scheme, module: Sequence[TensorRef], coded: set[str]
) -> str:
    """Why a tensor that no form claims holds codes; empty when it holds values."""
    dtype, last = tensor.dtype, _last(tensor.name)
    is_index = _INDEX.fullmatch(last) is not None or not tensor.shape
    is_small_float = dtype.startswith(("F8", "F4", "F6"))
    is_integer = dtype[0] in "IU"
    if is_index or _is_activation(tensor) or not (is_integer or is_small_float):
        return ""
    if scheme.config:
        method = scheme.method or "an unnamed method"
        return f"{dtype} codes of {method}, in an unknown layout"
    others = [one for one in module if _is_companion(one, tensor)]
    if is_small_float:
        return _why_small(tensor, others, coded)
    if len(tensor.shape) < 2:
        return ""
    if dtype != "I64" and others:
        is_named = any(_SCALE_LIKE.fullmatch(_last(one.name)) for one in others)
        what = "scales" if is_named else _names(others)
        return f"{dtype} codes beside {what}, in an unknown layout"
    is_weight = _WEIGHT.fullmatch(last) is not None
    return f"{dtype} in the place of a weight, without a scale" if is_weight else ""


def _why_small(tensor: TensorRef, others: Sequence[TensorRef], coded: set[str]) -> str:
    dtype = tensor.dtype
    if others and len(tensor.shape) > 1:
        return f"{dtype} codes beside {_names(others)}, whose meaning is not known"
    what = f"{dtype} without a scale, beside codes of that type that have one"
    return what if dtype in coded else ""


def _names(tensors: Sequence[TensorRef]) -> str:
    return ", ".join(sorted(_last(one.name) for one in tensors)[:3])


def _is_companion(one: TensorRef, codes: TensorRef) -> bool:
    """Whether a tensor of the codes' module seems to say what they mean."""
    last, stem = _last(one.name), _last(codes.name)
    if one.name == codes.name or last in _OWN or _is_activation(one):
        return False
    is_float = one.dtype[0] in "FB" and one.dtype != "BOOL"
    is_own = _owns_module(codes) or last.startswith((f"{stem}_", f"{stem}."))
    is_scale = _SCALE_LIKE.fullmatch(last) is not None
    is_smaller = one.n_elements < codes.n_elements
    return is_scale or (is_own and is_float and is_smaller and not _ADDED.match(last))


def _owns_module(codes: TensorRef) -> bool:
    """Whether a module exists for these codes alone, as a linear layer does."""
    return _CODES.fullmatch(_last(codes.name)) is not None


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
    # torch's quantised layers keep theirs in fc._packed_params._packed_params.0.
    plain = name.partition("._packed_params")[0] + ".weight"
    name = plain if "._packed_params" in name else name.removesuffix("._data")
    return name.rpartition(".")[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]
