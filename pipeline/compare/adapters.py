"""What does a LoRA adapter do to its base? ΔW = scale · B · A, and no merged model.

Rows of the base's weight and of ΔW are made and compared block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipeline.compare.match import Match, describe_match, match_tensors
from pipeline.compare.measure import IDENTICAL, PairJob
from pipeline.errors import WeightlakeError
from pipeline.extract.reading import load
from pipeline.layout import Adapter, Layout, find_adapters, identify
from pipeline.layout.naming import clean_name
from pipeline.metrics.arrays.decode import to_float
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.changes.change import measure_change
from pipeline.refs import Checkpoint, TensorRef
from pipeline.row import Row

Matrix = NDArray[np.float64]

_LEFT = "the adapter leaves it as it is"


@dataclass(frozen=True)
class AdapterMatch:
    """An adapter's factors and the base's weight that they change, if it is there."""

    adapter: Adapter
    match: Match


def compare_adapter(
    base: Checkpoint, other: Checkpoint, job: PairJob, run: Callable[..., Iterable[Row]]
) -> list[Row]:
    """A row per adapted weight, per tensor saved whole, per weight left as it is.

    `run` maps a function over values, as Executor.map does.
    """
    layouts = (identify(one.tensors, one.config) for one in (base, other))
    pairs, rest = match_adapter(base, next(layouts), other, next(layouts))
    untouched = [one for one in rest if one.new is None]
    saved = [one for one in rest if one.new is not None]
    return [
        *run(partial(adapter_row, job), pairs),
        *run(job.row, saved),
        *(describe_match(one) | IDENTICAL | {"reason": _LEFT} for one in untouched),
    ]


def match_adapter(
    base: Checkpoint, base_layout: Layout, other: Checkpoint, layout: Layout
) -> tuple[list[AdapterMatch], list[Match]]:
    """Adapted weights of the base; and every other tensor of both sides.

    A module is found by its name, wrappers taken off, else by the role that it alone
    has. What the adapter saved whole is matched as in any two checkpoints.
    """
    adapters = find_adapters(other.tensors, other.config)
    pairs = [_match_one(one, base.tensors, base_layout, layout) for one in adapters]
    taken = {one.match.old.name for one in pairs if one.match.old}
    factors = {t.name for one in adapters for t in (one.a, one.b) if t}
    rest = match_tensors(
        [tensor for tensor in base.tensors if tensor.name not in taken],
        base_layout,
        [tensor for tensor in other.tensors if tensor.name not in factors],
        layout,
    )
    return pairs, rest


def _match_one(
    adapter: Adapter, base: Sequence[TensorRef], base_layout: Layout, layout: Layout
) -> AdapterMatch:
    factor = adapter.b or adapter.a
    assert factor is not None, "an adapter has a factor"  # noqa: S101
    named = [tensor for tensor in base if _module(tensor) == adapter.module]
    found = named
    if not named:
        place = layout.locate(factor.name, factor.shape)
        role = (place.stack, place.layer, place.component, place.expert)
        found = [
            tensor
            for tensor in base
            for at in (base_layout.locate(tensor.name, tensor.shape),)
            if at.parameter == "weight"
            and at.component != "other"
            and (at.stack, at.layer, at.component, at.expert) == role
        ]
    if len(found) != 1:
        reason = f"{len(found)} tensors of the base fit the module {adapter.module}"
        place = layout.locate(factor.name, factor.shape)
        return AdapterMatch(adapter, Match(None, factor, place, reason=reason))
    location = base_layout.locate(found[0].name, found[0].shape)
    match = Match(found[0], factor, location, "adapter", adapter.module)
    return AdapterMatch(adapter, match)


def _module(tensor: TensorRef) -> str:
    cleaned = clean_name(tensor.name)
    return cleaned.tower.prefix + cleaned.path.removesuffix(".weight")


def adapter_row(job: PairJob, pair: AdapterMatch) -> Row:
    """The columns of `tensor_changes` for one adapted weight."""
    row = describe_match(pair.match)
    adapter, base = pair.adapter, pair.match.old
    if base is None:
        return row
    a, b = adapter.a, adapter.b
    if a is None or b is None:
        lacking = f"there is no lora_{'A' if a is None else 'B'} of this module"
        return row | {"status": "skipped", "reason": lacking}
    if adapter.scale is None or base.skip_reason:
        reason = base.skip_reason or adapter.scale_problem
        return row | {"status": "skipped", "reason": reason}
    try:
        A, B = (_read_factor(job, factor) for factor in (a, b))
        delta = _Delta(adapter.scale * B, A)
        # Of a square weight only the adapter knows which way round it is stored.
        if adapter.is_transposed or delta.shape != base.shape:
            delta = _Delta(delta.right.T, delta.left.T)
        if delta.shape != base.shape:
            shapes = f"ΔW is {delta.shape}, the weight {base.shape}"
            return row | {"status": "shape_differs", "reason": shapes}
        return row | {"reason": _note(adapter)} | _measure(job, pair.match, base, delta)
    except WeightlakeError as error:
        return row | {"status": "failed", "reason": str(error)}


@dataclass(frozen=True)
class _Delta:
    """left · right, of which rows are made as they are asked for."""

    left: Matrix
    right: Matrix

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.left), self.right.shape[1]


def _note(adapter: Adapter) -> str:
    text = f"scale {adapter.scale:g} of {adapter.module}"
    if adapter.variant == "dora":
        return f"{text}; the magnitudes of DoRA are left out"
    return text


def _read_factor(job: PairJob, factor: TensorRef) -> Matrix:
    values = load(job.new_reader, factor, largest_bytes=factor.n_bytes).values
    return to_float(values.array(), values.dtype).astype(np.float64)


def _measure(job: PairJob, match: Match, base: TensorRef, delta: _Delta) -> Row:
    values = job.values(job.old_reader, base)
    row = measure_change(_walk(values, delta))

    def both() -> tuple[Matrix, Matrix]:
        old = np.concatenate([block for block, _ in _walk(values, delta)])
        return old, old + delta.left @ delta.right

    return job.with_subspaces(row, match, base.shape, both)


def _walk(values: TensorValues, delta: _Delta) -> Iterator[tuple[Matrix, Matrix]]:
    start = 0
    for block in values.row_blocks():
        stop = start + len(block)
        old = block.astype(np.float64)
        yield old, old + delta.left[start:stop] @ delta.right
        start = stop
