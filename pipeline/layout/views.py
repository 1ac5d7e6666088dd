"""Which matrices does a tensor hold?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Literal

import numpy as np

from pipeline.components import load_components
from pipeline.layout.dimensions import Dimensions
from pipeline.layout.families import Family
from pipeline.layout.location import Location
from pipeline.refs import TensorRef

Index = tuple[int | slice, ...]
Heads = tuple[int, int, int]
MatrixKind = Literal["as_stored", "split", "expert", "convolution", "kernel_offset"]

# Kernels with more offsets (patches, STFT) have too many for views of their own.
MAX_OFFSETS = 64
_ALL = slice(None)


@dataclass(frozen=True)
class MatrixView:
    """One matrix inside a tensor: reshape, index, then n_rows × n_cols.

    `expert` and `component` belong to the view, as the parts of a fused tensor differ.
    """

    view: str
    component: str
    expert: int | None
    matrix_view: MatrixKind
    reshape: tuple[int, ...]
    index: Index
    n_rows: int
    n_cols: int

    def of(self, array: np.ndarray) -> np.ndarray:
        """The matrix, sharing the array's memory where numpy allows it."""
        part = array.reshape(self.reshape)[self.index]
        return part.reshape(self.n_rows, self.n_cols)


def list_views(
    tensor: TensorRef, location: Location, family: Family, sizes: Dimensions
) -> tuple[MatrixView, ...]:
    """Every matrix of the tensor; empty where `explain_no_view` gives a reason."""
    if explain_no_view(tensor, location):
        return ()
    component = load_components()[location.component]
    shape = _drop_leading_ones(tensor.shape) if not component.kernel else tensor.shape
    if component.kernel and len(shape) >= 3:
        return tuple(_convolution(location, shape, component.kernel))
    if len(shape) == 3:
        return tuple(_experts(location, shape, family, sizes))
    parts = _split(location, shape, family, sizes)
    return tuple(parts) or (_whole(location, shape),)


def explain_no_view(tensor: TensorRef, location: Location) -> str:
    """Why the tensor holds no matrix; "" if it holds one."""
    component = load_components()[location.component]
    shape = tensor.shape if component.kernel else _drop_leading_ones(tensor.shape)
    is_known = (
        len(shape) == 2
        or (len(shape) == 3 and component.experts)
        or (len(shape) >= 3 and bool(component.kernel))
    )
    reasons = (
        (0 in shape, "empty"),
        (not shape, "scalar"),
        (not tensor.dtype.startswith(("F", "BF")), "not floating point"),
        (len(shape) == 1, "1-D"),
        (location.parameter.endswith("bias"), "bias"),
        (not component.matrix, component.why),
        (not is_known, f"unknown {len(shape)}-D layout"),
    )
    return next((reason for applies, reason in reasons if applies), "")


def _drop_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(1, positions, width) is a matrix with an empty batch in front of it."""
    if len(shape) > 2:
        while len(shape) > 1 and shape[0] == 1:
            shape = shape[1:]
    return shape


def _whole(location: Location, shape: tuple[int, ...]) -> MatrixView:
    component, expert = location.component, location.expert
    return MatrixView("whole", component, expert, "as_stored", shape, (), *shape)


def _convolution(
    location: Location, shape: tuple[int, ...], kernel: str
) -> Iterator[MatrixView]:
    n_out, n_in, *offsets = shape
    component, n_cols = location.component, n_in * prod(offsets)
    yield MatrixView(
        "whole", component, None, "convolution", (n_out, n_cols), (), n_out, n_cols
    )
    # One offset of a depthwise kernel is a vector; that of a 1 × 1 kernel is the whole.
    if kernel != "offsets" or n_in == 1 or not 1 < prod(offsets) <= MAX_OFFSETS:
        return
    for offset in product(*(range(size) for size in offsets)):
        name = ".".join(["offset", *map(str, offset)])
        index: Index = (_ALL, _ALL, *offset)
        yield MatrixView(
            name, component, None, "kernel_offset", shape, index, n_out, n_in
        )


def _experts(
    location: Location, shape: tuple[int, ...], family: Family, sizes: Dimensions
) -> Iterator[MatrixView]:
    n_experts, *matrix = shape
    split = family.splits.get(location.component, "")
    axis = 1 if location.is_transposed else 0
    if sizes.hidden_size != matrix[1 - axis]:
        split = ""  # stored transposed, or in an unknown order
    parts = load_components()[location.component].parts
    cuts = _cut(split, parts, matrix[axis]) or [("", location.component, _ALL)]
    for expert in range(n_experts):
        for suffix, component, cut in cuts:
            size = len(range(matrix[axis])[cut])
            n_rows, n_cols = (size, matrix[1]) if axis == 0 else (matrix[0], size)
            index = (expert, cut) if axis == 0 else (expert, _ALL, cut)
            name = f"expert.{expert}{suffix and '.'}{suffix}"
            yield MatrixView(
                name, component, expert, "expert", shape, index, n_rows, n_cols
            )


def _split(
    location: Location, shape: tuple[int, ...], family: Family, sizes: Dimensions
) -> Iterator[MatrixView]:
    parts = load_components()[location.component].parts
    kind = family.splits.get(location.component, "")
    if not parts or not kind or location.parameter != "weight":
        return
    axis = 1 if location.is_transposed else 0
    if kind == "grouped":
        yield from _grouped(location, shape, parts, sizes)
        return
    if kind == "equal" and len(parts) == 3 and shape[axis] != 3 * shape[1 - axis]:
        return  # with fewer key heads than query heads the cut is not known
    heads = _heads(shape[0], shape[1], sizes)
    for name, component, cut in _cut(kind, parts, shape[axis], heads):
        size = len(range(shape[axis])[cut])
        n_rows, n_cols = (size, shape[1]) if axis == 0 else (shape[0], size)
        index = (cut,) if axis == 0 else (_ALL, cut)
        yield MatrixView(
            name, component, location.expert, "split", shape, index, n_rows, n_cols
        )


def _cut(
    kind: str, parts: tuple[str, ...], size: int, heads: Heads | None = None
) -> list[tuple[str, str, slice]]:
    """(view, component, slice of the output axis) of each part, [] if unknown."""
    n_parts = len(parts)
    if kind in ("equal", "interleaved") and size % n_parts == 0:
        step = size // n_parts
        cuts = (
            [slice(i * step, (i + 1) * step) for i in range(n_parts)]
            if kind == "equal"
            else [slice(i, None, n_parts) for i in range(n_parts)]
        )
    elif kind == "heads" and heads:
        n_heads, n_kv_heads, head_dim = heads
        q, k = n_heads * head_dim, n_kv_heads * head_dim
        cuts = [slice(0, q), slice(q, q + k), slice(q + k, q + 2 * k)]
    else:
        return []
    return [
        (part.rpartition("_")[2], part, cut)
        for part, cut in zip(parts, cuts, strict=True)
    ]


def _grouped(
    location: Location,
    shape: tuple[int, ...],
    parts: tuple[str, ...],
    sizes: Dimensions,
) -> Iterator[MatrixView]:
    """Rows in groups, one per key head: its query heads, then its key and its value."""
    heads = _heads(shape[0], shape[1], sizes)
    if not heads or heads[0] % heads[1]:
        return
    n_heads, n_kv_heads, head_dim = heads
    per_group, n_cols = n_heads // n_kv_heads, shape[1]
    reshape = (n_kv_heads, per_group + 2, head_dim, n_cols)
    cuts: list[tuple[int | slice, int]] = [
        (slice(0, per_group), n_heads),
        (per_group, n_kv_heads),
        (per_group + 1, n_kv_heads),
    ]
    for part, (cut, n_part_heads) in zip(parts, cuts, strict=True):
        yield MatrixView(
            part,
            part,
            location.expert,
            "split",
            reshape,
            (_ALL, cut),
            n_part_heads * head_dim,
            n_cols,
        )


def _heads(n_rows: int, n_cols: int, sizes: Dimensions) -> Heads | None:
    """(n_heads, n_kv_heads, head_dim) if they account for every row, else null."""
    n_heads, n_kv_heads = sizes.n_heads, sizes.n_kv_heads
    if not n_heads or not n_kv_heads:
        return None
    head_dim = sizes.head_dim or n_cols // n_heads
    if n_rows != (n_heads + 2 * n_kv_heads) * head_dim:
        return None
    return n_heads, n_kv_heads, head_dim
