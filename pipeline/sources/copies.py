"""Which tensors are running averages of others of the same checkpoint?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.refs import TensorRef

_AVERAGE = re.compile(r"(.*_)?(ema|swa|averaged|shadow)(_.*)?", re.IGNORECASE)


def mark_copies(tensors: Sequence[TensorRef]) -> tuple[TensorRef, ...]:
    """The same tensors, the averaged copies of others skipped as `ema_copy`.

    A copy lies under a name of averages (`model_ema.`), has the shape of another tensor
    and ends as that one does, dots aside: some trainers drop the dots of the names that
    they register. Counters beside copies are `training_state`. Averages alone are the
    model.
    """
    averages = [one for one in tensors if _is_average(one) and not one.skip_reason]
    if not averages:
        return tuple(tensors)
    names = {one.name for one in averages}
    others = {
        (ending, one.shape)
        for one in tensors
        if one.name not in names
        for ending in _endings(one.name)
    }
    marked = {
        one.name: replace(one, skip_reason="ema_copy")
        for one in averages
        if (_flat(one.name.partition(".")[2]), one.shape) in others
    }
    if marked:
        for one in averages:
            if not one.shape and one.name not in marked:
                marked[one.name] = replace(one, skip_reason="training_state")
    return tuple(marked.get(one.name, one) for one in tensors)


def _is_average(tensor: TensorRef) -> bool:
    first, dot, _ = tensor.name.partition(".")
    return bool(dot) and _AVERAGE.fullmatch(first) is not None


def _endings(name: str) -> list[str]:
    """The name, and what follows its first and second part, without dots."""
    parts = name.split(".")
    return [_flat(".".join(parts[i:])) for i in range(min(3, len(parts)))]


def _flat(name: str) -> str:
    return name.replace(".", "")
