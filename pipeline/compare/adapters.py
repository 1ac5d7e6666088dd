"""What does an adapter do to its base? The effective weight, and no merged model.

Rows of the base's weight and of what the adapter makes of them are compared block by
block. While anything of the adapter is not understood, no weight is called unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from pipeline.compare.adapted import Target, find_targets
from pipeline.compare.effects import Array, Effect, Given, NotUnderstoodError
from pipeline.compare.match import match_tensors
from pipeline.compare.matched import Match, describe_match
from pipeline.compare.measure import IDENTICAL, PairJob
from pipeline.compare.tuners import TUNERS
from pipeline.errors import WeightlakeError
from pipeline.extract.reading import load
from pipeline.layout import Layout, find_scale, find_tuning, identify
from pipeline.metrics.arrays.decode import to_float
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.changes.change import measure_change
from pipeline.refs import Checkpoint, TensorRef
from pipeline.row import Row

_LEFT = "the adapter leaves it as it is"
_TIED = (
    "the head is tied to this embedding: the adapter changes the head alone until it is"
    " merged"
)


@dataclass(frozen=True)
class AdapterMatch:
    """What an adapter's tensors make of one weight of the base, if that is there."""

    target: Target
    match: Match


def compare_adapter(
    base: Checkpoint, other: Checkpoint, job: PairJob, run: Callable[..., Iterable[Row]]
) -> list[Row]:
    """A row per adapted weight, per tensor saved whole, per weight left as it is.

    `run` maps a function over values, as Executor.map does.
    """
    layouts = [identify(one.tensors, one.config) for one in (base, other)]
    tuning = find_tuning(other.tensors)
    pairs = _match_targets(base, layouts[0], other, layouts[1])
    taken = {one.match.old.name for one in pairs if one.match.old}
    rest = match_tensors(
        [tensor for tensor in base.tensors if tensor.name not in taken],
        layouts[0],
        [tensor for tensor in other.tensors if tensor.name not in tuning.claimed],
        layouts[1],
    )
    rows = list(run(partial(adapter_row, job, other.config), pairs))
    rows += run(job.row, [one for one in rest if one.old and one.new])
    strangers = [_stranger(one) for one in rest if one.old is None]
    added = [_addition(one, layouts[1]) for one in tuning.additions]
    unclear = [
        *strangers,
        *(row for row in rows if row["status"] in _UNCLEAR),
    ]
    left = _left_alone(unclear)
    untouched = [describe_match(one) | left for one in rest if one.new is None]
    return [*rows, *strangers, *added, *untouched]


_UNCLEAR = ("not_understood", "only_new", "skipped", "shape_differs", "failed")


def _left_alone(unclear: list[Row]) -> Row:
    if not unclear:
        return IDENTICAL | {"reason": _LEFT}
    names = [str(row["tensor"]) for row in unclear]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    reason = f"whether the adapter changes it is not known: {names[0]}{more}"
    return {"status": "not_understood", "reason": f"{reason} is not understood"}


def _stranger(match: Match) -> Row:
    reason = "no tensor of the base fits it, and no known kind of adapter names it so"
    if match.new is not None and match.new.skip_reason:
        reason = match.new.skip_reason
    return describe_match(match) | {"status": "not_understood", "reason": reason}


def _addition(tensor: TensorRef, layout: Layout) -> Row:
    place = layout.locate(tensor.name, tensor.shape)
    n = tensor.shape[0] if tensor.shape else 0
    reason = f"{n} virtual tokens are added to every input; no weight changes"
    return describe_match(Match(None, tensor, place, reason=reason))


def _match_targets(
    base: Checkpoint, base_layout: Layout, other: Checkpoint, layout: Layout
) -> list[AdapterMatch]:
    pairs = []
    for target in find_targets(find_tuning(other.tensors).modules, base, base_layout):
        first, old = target.first, target.base
        if old is None:
            place = layout.locate(first.name, first.shape)
            match = Match(None, first, place, reason=target.problem)
        else:
            place = base_layout.locate(old.name, old.shape)
            how = "tied" if target.is_tied else "adapter"
            match = Match(old, first, place, how, target.tuned.module)  # type: ignore[arg-type]
        pairs.append(AdapterMatch(target, match))
    return pairs


def adapter_row(job: PairJob, config: Mapping[str, Any], pair: AdapterMatch) -> Row:
    """The columns of `tensor_changes` for one adapted weight."""
    row = describe_match(pair.match)
    base, target = pair.match.old, pair.target
    if base is None:
        return row
    skipped = base.skip_reason or next(
        (t.skip_reason for t in target.tuned.parts.values() if t.skip_reason), ""
    )
    if skipped:
        return row | {"status": "skipped", "reason": skipped}
    try:
        given = _read_parts(job, config, target)
        effect = TUNERS[target.kind](given)
        return (
            row | {"reason": _note(target, given)} | _measure(job, pair, config, effect)
        )
    except NotUnderstoodError as error:
        return row | {"status": "not_understood", "reason": str(error)}
    except ValueError as error:
        return row | {"status": "shape_differs", "reason": _shapes(pair, error)}
    except WeightlakeError as error:
        return row | {"status": "failed", "reason": str(error)}


def _shapes(pair: AdapterMatch, error: ValueError) -> str:
    parts = pair.target.tuned.parts.items()
    shapes = ", ".join(f"{name} {tensor.shape}" for name, tensor in parts)
    base = pair.match.old.shape if pair.match.old else ()
    return f"the adapter's {shapes} do not fit the weight {base}: {error}"


def _read_parts(job: PairJob, config: Mapping[str, Any], target: Target) -> Given:
    tuned = target.tuned
    key = "lora_alpha" if tuned.kind in ("lora", "dora", "adalora") else "alpha"
    scale = find_scale(tuned, config, key)
    parts = {part: _read(job, tensor) for part, tensor in tuned.parts.items()}
    return Given(parts, scale.value, scale.problem, config, tuned.module)


def _read(job: PairJob, factor: TensorRef) -> Array:
    values = load(job.new_reader, factor, largest_bytes=factor.n_bytes).values
    found = to_float(values.array(), values.dtype).astype(np.float64)
    return found.reshape(factor.shape)


def _note(target: Target, given: Given) -> str:
    text = f"{target.kind} of {given.module}"
    if target.kind == "lora":
        scale = given.scale
        if "alpha" in given.parts:
            scale = float(given.parts["alpha"].item()) / len(given.parts["A"])
        text = f"scale {scale:g} of {given.module}" if scale is not None else text
    return f"{text}; {_TIED}" if target.is_tied else text


def _measure(
    job: PairJob, pair: AdapterMatch, config: Mapping[str, Any], effect: Effect
) -> Row:
    base, tuned = pair.match.old, pair.target.tuned
    assert base is not None, "an adapted weight is there"  # noqa: S101
    is_turned = _is_turned(pair, config, base)
    n_rows = base.shape[-1] if is_turned else (base.shape or (1,))[0]
    if effect.n_rows not in (None, n_rows):
        raise ValueError(f"ΔW has {effect.n_rows} rows")
    along = effect.turned() if is_turned else effect
    values = job.values(job.old_reader, base)
    if along is not None and not along.needs_all:
        walked = partial(_walk, values, along)
        row = measure_change(walked())
    else:
        if 6 * 8 * base.n_elements > job.settings.memory_bytes // job.settings.threads:
            reason = f"{tuned.kind} needs the whole weight at once: raise --memory"
            return {"status": "skipped", "reason": reason}
        whole = np.concatenate(list(_blocks(values)))
        new = effect.rows(whole.T, 0).T if is_turned else effect.rows(whole, 0)
        if new.shape != whole.shape:
            raise ValueError(f"they make {new.shape} of it")
        walked = partial(iter, [(whole, new)])
        row = measure_change(walked())

    def both() -> tuple[Array, Array]:
        pairs = list(walked())
        return np.concatenate([a for a, _ in pairs]), np.concatenate(
            [b for _, b in pairs]
        )

    return job.with_subspaces(row, pair.match, base.shape, both)


def _is_turned(pair: AdapterMatch, config: Mapping[str, Any], base: TensorRef) -> bool:
    """Whether the base stores (inputs, outputs), as its adapter or their sizes say."""
    target = pair.target
    if target.kind in ("tokens", "lora_bias"):
        return False
    if target.tuned.is_embedding != target.is_tied or config.get("fan_in_fan_out"):
        return target.tuned.is_embedding or bool(config.get("fan_in_fan_out"))
    outputs = target.n_outputs
    if outputs is None or len(base.shape) != 2 or base.shape[0] == outputs:
        return False
    return base.shape[1] == outputs


def _walk(values: TensorValues, effect: Effect) -> Iterator[tuple[Array, Array]]:
    start = 0
    for old in _blocks(values):
        new = effect.rows(old, start)
        if new.shape != old.shape:
            raise ValueError(f"they make {new.shape} of {old.shape}")
        yield old, new
        start += len(old)


def _blocks(values: TensorValues) -> Iterator[Array]:
    width = prod(values.shape[1:])
    for block in values.row_blocks():
        yield block.astype(np.float64).reshape(-1, width)
