"""Which tensors does a model get? A checkpoint's own, and what an adapter adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import SourceError
from pipeline.extract.reading import load
from pipeline.layout import Adapter, find_adapters
from pipeline.layout.naming import clean_name
from pipeline.metrics.arrays.decode import to_float
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources import open_reader

if TYPE_CHECKING:
    import torch

_SHOWN = 3


def read_state(
    checkpoint: Checkpoint,
) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    state, skipped = {}, []
    with open_reader(checkpoint) as reader:
        for tensor in checkpoint.tensors:
            if tensor.skip_reason:
                skipped.append(f"{tensor.name} ({tensor.skip_reason})")
            else:
                state[tensor.name] = _read(reader, tensor)
    notes = (f"not loaded: {some(skipped)}",) if skipped else ()
    return state, notes


def _read(reader: Any, tensor: TensorRef) -> torch.Tensor:
    import torch

    values = load(reader, tensor, largest_bytes=tensor.n_bytes).values
    stored = values.array()
    if tensor.dtype in {"BOOL", "I64", "I32", "I16", "I8", "U8"}:
        return torch.from_numpy(np.array(stored)).reshape(tensor.shape)
    found = to_float(stored, values.dtype)
    wide = np.float64 if tensor.dtype == "F64" else np.float32
    return torch.from_numpy(np.array(found, wide)).reshape(tensor.shape)


def add_adapter(adapter: Checkpoint, state: dict[str, torch.Tensor]) -> tuple[str, ...]:
    """Add scale · B · A to each adapted weight; what it saved whole replaces.

    Raises SourceError where that is not all that the adapter does.
    """
    by_module = {_module(name): name for name in state}
    factors: set[str] = set()
    with open_reader(adapter) as reader:
        for one in find_adapters(adapter.tensors, adapter.config):
            name = by_module.get(one.module, "")
            problem = _problem(one, name)
            if problem or one.a is None or one.b is None or one.scale is None:
                raise SourceError(
                    problem,
                    where=adapter.source.location,
                    fix="Name its right base, or merge it with peft and probe that",
                )
            A, B = _read(reader, one.a).double(), _read(reader, one.b).double()
            delta, weight = one.scale * (B @ A), state[name]
            if one.is_transposed or delta.shape != weight.shape:
                delta = delta.T
            state[name] = (weight.double() + delta).to(weight.dtype)
            factors |= {one.a.name, one.b.name}
        for tensor in adapter.tensors:
            if tensor.name not in factors and not tensor.skip_reason:
                name = by_module.get(_module(tensor.name), tensor.name)
                state[name] = _read(reader, tensor)
    return (f"merged: {len(factors) // 2} weights of {adapter.source.ref}",)


def _problem(one: Adapter, name: str) -> str:
    """Why an adapter cannot be added, empty where it can."""
    if one.a is None or one.b is None:
        return f"a factor of {one.module} is missing"
    if one.scale is None:
        return one.scale_problem
    if one.variant in ("dora", "adalora") or one.more:
        return f"adapts {one.module} by {one.variant}, which is not merged here"
    return "" if name else f"adapts {one.module}, which its base does not have"


def _module(name: str) -> str:
    cleaned = clean_name(name)
    return cleaned.tower.prefix + cleaned.path.removesuffix(".weight")


def some(names: list[str]) -> str:
    """The first names of many, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
