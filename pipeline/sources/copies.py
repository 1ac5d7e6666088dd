"""Which tensors are copies of a checkpoint's weights: averages, or a trainer's own?

A running average (EMA) and the float32 weights that an optimizer keeps are not counted.
Asked for, they are the model, and the weights are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.dtypes import DTYPES
from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, Copies, ModelRef, Pieces, TensorRef

_AVERAGE = re.compile(r"(.*_)?(ema|swa|averaged|shadow)(_.*)?", re.IGNORECASE)
_MASTER = re.compile(
    r"fp32_param|master(_param|_weight)?s?|fp32_from_fp16(_params)?", re.IGNORECASE
)
_REASONS: dict[Copies, str] = {"ema": "ema_copy", "master": "master_weights"}


def ask_for(source: CheckpointSource, copies: Copies) -> CheckpointSource:
    """The source whose weights are those copies, under a label of its own."""
    if not copies:
        return source
    ref = ModelRef(f"{source.ref.model}+{copies}", source.ref.revision)
    series = source.series and f"{source.series}+{copies}"
    return replace(source, ref=ref, series=series, copies=copies)


def mark_copies(tensors: Sequence[TensorRef]) -> tuple[TensorRef, ...]:
    """The same tensors, copies of others skipped as `ema_copy` or `master_weights`.

    An average lies under a name of averages (`model_ema.`), has the shape of another
    tensor and ends as that one does, dots aside: some trainers drop the dots of the
    names that they register. Counters beside averages are `training_state`. Averages
    alone are the model. Master weights lie in an optimizer's state, under the names of
    the weights.
    """
    originals = _originals(tensors)
    marked = _mark_averages(tensors, originals) | _mark_masters(tensors, originals)
    return tuple(marked.get(one.name, one) for one in tensors)


def choose_copies(
    source: CheckpointSource, tensors: Sequence[TensorRef]
) -> tuple[TensorRef, ...]:
    """The tensors, of which the copies asked for are the weights.

    A copy whose name has lost its dots gets those of its original back. Raises
    SourceError where there is no such copy.
    """
    wanted = _REASONS.get(source.copies)
    if not wanted:
        return tuple(tensors)
    originals = _originals(tensors)
    chosen = {
        one.name: _as_weight(one, originals)
        for one in tensors
        if one.skip_reason == wanted and one.dtype in DTYPES
    }
    if not chosen:
        raise SourceError(
            f"holds no {source.copies} copy of its weights",
            where=source.location,
            fix="Leave --copies out to measure the weights themselves",
        )
    reason = f"left out: its {source.copies} copies were asked for"
    return tuple(
        chosen.get(one.name)
        or (one if one.skip_reason else replace(one, skip_reason=reason))
        for one in tensors
    )


def note_copies(tensors: Sequence[TensorRef]) -> list[str]:
    """A note on each kind of copy that lies there and is not counted."""
    notes = []
    for copies, reason in _REASONS.items():
        n = sum(one.skip_reason == reason for one in tensors)
        if n:
            notes.append(f"{n} {copies} copies are not counted: see --copies {copies}")
    return notes


def _as_weight(
    tensor: TensorRef, originals: dict[tuple[str, object], str]
) -> TensorRef:
    kept = replace(tensor, skip_reason="")
    first, dot, rest = tensor.name.partition(".")
    ending = originals.get((_flat(rest), tensor.shape), "")
    name = f"{first}.{ending}" if dot and ending and _is_average(tensor) else kept.name
    if name == kept.name:
        return kept
    return replace(kept, name=name, pieces=Pieces(0, (kept,)))


def _originals(tensors: Sequence[TensorRef]) -> dict[tuple[str, object], str]:
    """Endings of the weights' names, by the ending without dots and the shape."""
    return {
        (_flat(ending), one.shape): ending
        for one in tensors
        if not one.skip_reason and not _is_average(one)
        for ending in _endings(one.name)
    }


def _mark_averages(
    tensors: Sequence[TensorRef], originals: dict[tuple[str, object], str]
) -> dict[str, TensorRef]:
    averages = [one for one in tensors if _is_average(one) and not one.skip_reason]
    marked = {
        one.name: replace(one, skip_reason="ema_copy")
        for one in averages
        if (_flat(one.name.partition(".")[2]), one.shape) in originals
    }
    counters = [one for one in averages if not one.shape and one.name not in marked]
    if marked:
        marked |= {c.name: replace(c, skip_reason="training_state") for c in counters}
    return marked


def _mark_masters(
    tensors: Sequence[TensorRef], originals: dict[tuple[str, object], str]
) -> dict[str, TensorRef]:
    marked = {}
    for one in tensors:
        parts = one.name.split(".")
        at = [i for i, part in enumerate(parts) if _MASTER.fullmatch(part)]
        if one.skip_reason != "optimizer_state" or not at:
            continue
        # fp32_param.layers.0.weight, or layers.0.weight.master.
        rests = (parts[at[-1] + 1 :], parts[: at[-1]])
        endings = (_flat(end) for rest in rests for end in _endings(".".join(rest)))
        if any((ending, one.shape) in originals for ending in endings):
            marked[one.name] = replace(one, skip_reason="master_weights")
    return marked


def _is_average(tensor: TensorRef) -> bool:
    first, dot, _ = tensor.name.partition(".")
    return bool(dot) and _AVERAGE.fullmatch(first) is not None


def _endings(name: str) -> list[str]:
    """The name, and what follows each of its first parts."""
    parts = name.split(".")
    return [".".join(parts[i:]) for i in range(min(4, len(parts)))]


def _flat(name: str) -> str:
    return name.replace(".", "")
