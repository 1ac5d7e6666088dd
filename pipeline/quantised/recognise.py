"""Which tensors of a checkpoint are codes, and which only say what codes mean?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.quantised.fake import has_scales, mark_fakes
from pipeline.quantised.form import Form, Group, Logical, Scheme, UnsupportedForm
from pipeline.quantised.in_use import IN_USE
from pipeline.quantised.registry import FORMS
from pipeline.quantised.scheme import read_scheme
from pipeline.quantised.sides import mark_rest
from pipeline.refs import Quantised, TensorRef

# In these alone no form keeps codes: masks, states and words are smaller or unsigned.
_PLAIN = frozenset({"F16", "BF16", "F32", "F64", "I64", "C64", "BOOL"})
_ROLES = {
    "scales": "scales",
    "zeros": "zero points",
    "biases": "biases of the groups",
    "order": "group order",
    "mask": "bitmask",
    "offsets": "row offsets",
    "bits": "width",
    "codebook": "codebook",
    "pruning": "pruning mask",
    "gain": "norms",
    "left": "singular vectors",
    "right": "singular vectors",
    "nested_scales": "scales of the scales",
    "nested_codebook": "codebook of the scales",
}

# How weights end that torch keeps in parts: no codes, and no plain weights.
_IN_PARTS = tuple(ending for form in IN_USE for ending in form.endings["codes"])


def recognise(
    tensors: Sequence[TensorRef],
    config: Mapping[str, Any],
    read: Callable[[TensorRef], NDArray[np.uint8]],
) -> tuple[TensorRef, ...]:
    """The same tensors, with codes seen as the weights that they stand for.

    A tensor of codes becomes `quantised`, its shape that of the weight; the tensors
    that belong to it become side tensors, with a reason. Codes without a reader here
    are skipped, and so are their side tensors. `read` gives the bytes of a small
    tensor.
    """
    scheme = read_scheme(config)
    is_plain = not scheme.config and all(one.dtype in _PLAIN for one in tensors)
    by_name = {one.name: one for one in tensors if not one.skip_reason}
    if is_plain and any(map(has_scales, by_name)):
        fakes = mark_fakes(by_name, read)
        tensors = tuple(fakes.get(one.name, one) for one in tensors)
    if is_plain and not any(one.name.endswith(_IN_PARTS) for one in tensors):
        return tuple(tensors)  # no codes, and nothing that says what they mean
    found: dict[str, TensorRef] = {}
    for form in IN_USE if is_plain else FORMS:
        for tensor in by_name.values():
            if tensor.name in found:
                continue
            group = _gather(form, tensor, by_name, read)
            if group is not None and not _is_taken(group, found):
                found |= _claim(form, group, scheme)
    if not is_plain:
        # Scales of torch's own quantised tensors, which are skipped, belong to them.
        torchs = {one.name: one for one in tensors if one.skip_reason == "quantised"}
        found |= mark_rest(by_name.values(), found | torchs, scheme, read)
    return tuple(found.get(one.name, one) for one in tensors)


def _is_taken(group: Group, found: Mapping[str, TensorRef]) -> bool:
    return any(part.name in found for part in group.parts.values())


def _gather(
    form: Form,
    tensor: TensorRef,
    by_name: Mapping[str, TensorRef],
    read: Callable[[TensorRef], NDArray[np.uint8]],
) -> Group | None:
    ending = next((e for e in form.endings["codes"] if tensor.name.endswith(e)), None)
    if ending is None:
        return None
    stem = tensor.name.removesuffix(ending)
    parts = {"codes": tensor}
    for role, endings in form.endings.items():
        part = next((by_name[stem + e] for e in endings if stem + e in by_name), None)
        if part is not None and role != "codes":
            parts[role] = part
    return Group(parts, read)


def _claim(form: Form, group: Group, scheme: Scheme) -> dict[str, TensorRef]:
    """The group's tensors as they are to be seen, empty when it is of another form."""
    codes = group.codes
    name, problem = form.name, ""
    try:
        logical = form.identify(group, scheme)
        if logical is None:
            return {}
    except UnsupportedForm as error:
        reason = f"unsupported: {error}"
        return {codes.name: replace(codes, skip_reason=reason)} | _skip_parts(
            group, name
        )
    except SourceError as error:
        logical, problem = Logical(name, codes.shape), str(error)
    parts = tuple((role, one) for role, one in group.parts.items() if role != "codes")
    options = tuple(sorted(logical.options.items()))
    quantised = Quantised(logical.scheme, form.name, codes, parts, options, problem)
    weight = replace(codes, quantised=quantised)
    if not problem:
        n_bytes = 4 * prod(logical.shape)
        weight = replace(weight, dtype="F32", shape=logical.shape, n_bytes=n_bytes)
    return {codes.name: weight} | _skip_parts(group, logical.scheme)


def _skip_parts(group: Group, scheme: str) -> dict[str, TensorRef]:
    return {
        one.name: replace(
            one,
            skip_reason=f"{_ROLES.get(role, role)} of {group.codes.name} ({scheme})",
            is_side=True,
        )
        for role, one in group.parts.items()
        if role != "codes"
    }
