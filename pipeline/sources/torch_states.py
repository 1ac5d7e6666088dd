"""Which tensors of a loaded training checkpoint are the model's weights?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# In order of preference: where trainers keep the weights.
_STATE_KEYS = (
    *("state_dict", "model_state_dict", "model_state", "model", "module", "network"),
    *("net", "params", "weights", "ema_state_dict", "state_dict_ema", "model_ema"),
    *("params_ema", "ema"),
)
_OPTIMIZER = re.compile(r".*optim.*|opt|opt_state", re.IGNORECASE)
_TRAINING = re.compile(
    r".*(scheduler|scaler|rng_state|random_state|callbacks?|loops?)s?|amp|rng",
    re.IGNORECASE,
)
_AVERAGE = re.compile(r"(.*_)?(ema|swa|averaged|shadow)(_.*)?", re.IGNORECASE)
_WRAPPERS = ("module.", "_orig_mod.")  # DataParallel's and torch.compile's
_MAX_DEPTH = 32
MAX_NODES = 10_000_000  # a pickle of a few lines can nest without end
_SHOWN = 8

Path = tuple[str, ...]


class TooManyEntriesError(Exception):
    """Nested so widely that it can hardly be a checkpoint."""


@dataclass(frozen=True)
class Entry:
    """A tensor with the name that it has in the model, or why it is no weight of it."""

    name: str
    tensor: Any
    skip_reason: str = ""


@dataclass(frozen=True)
class Content:
    """All tensors of a file, in its order, and notes on what else is there."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...]


def find_entries(loaded: Any) -> Content:
    """Every tensor in what torch.load returned, at whatever depth.

    Names are relative to the state dict, where one is found under a usual key, and the
    full path elsewhere. Tensors of optimisers, schedulers and averaged copies come with
    a `skip_reason`: `optimizer_state`, `training_state`, `ema_copy`. Raises
    TooManyEntriesError when there is no end to them.
    """
    if _is_tensor(loaded):
        return Content((Entry("tensor", _to_tensor(loaded)),), ())
    root = _find_root(loaded)
    found = list(_walk(loaded))
    entries = [_to_entry(path, tensor, why, root) for path, tensor, why in found]
    if len({entry.name for entry in entries}) < len(entries):
        # The state dict and its neighbours share names: whole paths distinguish them.
        root = ()
        entries = [_to_entry(path, tensor, why, root) for path, tensor, why in found]
    return Content(tuple(entries), tuple(_note_rest(loaded, root)))


def strip_wrappers(name: str) -> str:
    """The name without the prefixes, such as `module.`, that wrappers put before it."""
    return name[len(_wrapper_prefix([name])) :]


def common_wrapper(names: Sequence[str]) -> str:
    """The prefix that wrappers put before every one of the names, empty when none."""
    return _wrapper_prefix(names) if names else ""


def _wrapper_prefix(names: Sequence[str]) -> str:
    prefix = ""
    found = True
    while found:
        found = False
        for wrapper in _WRAPPERS:
            if all(name.startswith(prefix + wrapper) for name in names):
                prefix += wrapper
                found = True
    return prefix


def _find_root(loaded: Any) -> Path:
    """Path of the mapping that is the model's state dict."""
    root: Path = ()
    node = loaded
    while isinstance(node, Mapping) and len(root) < _MAX_DEPTH:
        inner = {
            str(key): value
            for key, value in node.items()
            if isinstance(value, Mapping)
            and not other_state(str(key))
            and not _is_optimizer(value)
            and _has_tensor(value)
        }
        usual = [key for key in _STATE_KEYS if key in inner]
        dotted = [key for key, value in inner.items() if _is_state_dict(value)]
        if not usual and not (len(inner) == 1 and dotted):
            break
        key = (usual or dotted)[0]
        root, node = (*root, key), inner[key]
    return root


def _is_state_dict(value: Mapping[Any, Any]) -> bool:
    return any("." in str(key) and _is_tensor(one) for key, one in value.items())


def _is_optimizer(value: Mapping[Any, Any]) -> bool:
    return "param_groups" in value and "state" in value


def state_root(paths: Sequence[Path]) -> str:
    """The usual key under which flattened weights lie, empty when there is none."""
    firsts = {path[0] for path in paths if len(path) > 1}
    return next((key for key in _STATE_KEYS if key in firsts), "")


def other_state(key: str) -> str:
    """Why a part of a checkpoint, judged by its name, is no weight; else empty."""
    if _OPTIMIZER.fullmatch(key):
        return "optimizer_state"
    return "training_state" if _TRAINING.fullmatch(key) else ""


def _has_tensor(node: Any) -> bool:
    return next(_walk(node), None) is not None


def _walk(node: Any) -> Iterator[tuple[Path, Any, str]]:
    """Path, tensor and skip reason of every tensor below a node, in its order."""
    waiting: list[tuple[Path, Any, str, tuple[int, ...]]] = [((), node, "", ())]
    n_seen = 0
    while waiting:
        path, node, why, above = waiting.pop()
        n_seen += 1
        if n_seen > MAX_NODES:
            raise TooManyEntriesError(f"more than {MAX_NODES} entries")
        if _is_tensor(node):
            yield path, _to_tensor(node), why
        # A pickle may refer to itself: what lies above is not entered again.
        elif len(path) < _MAX_DEPTH and id(node) not in above:
            if isinstance(node, Mapping) and _is_optimizer(node):
                why = "optimizer_state"
            children = [
                ((*path, str(key)), child, why, (*above, id(node)))
                for key, child in _children(node)
            ]
            waiting += reversed(children)


def _children(node: Any) -> list[tuple[Any, Any]]:
    if isinstance(node, Mapping):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list | tuple) else []


def _to_entry(path: Path, tensor: Any, why: str, root: Path) -> Entry:
    if path[: len(root)] == root:
        # A weight may be called `optimal.w`: only nested parts, as of
        # {"w": …, "optimizer": {…}}, are judged by their names.
        name, parts = ".".join(path[len(root) :]), path[len(root) : -1]
    else:
        name, parts = ".".join(path), path
        if tensor.ndim == 0:
            why = why or "training_state"  # best accuracies, counters
        if _AVERAGE.fullmatch(path[0]):
            why = why or "ema_copy"
    why = why or next((reason for part in parts if (reason := other_state(part))), "")
    return Entry(name, tensor, why)


def _note_rest(loaded: Any, root: Path) -> Iterator[str]:
    if root:
        yield f"weights are its entry {'.'.join(root)}"
    if not isinstance(loaded, Mapping):
        return
    rest = [
        f"{key} = {value!r:.60}" if isinstance(value, int | float | str) else str(key)
        for key, value in loaded.items()
        if not _has_tensor(value)
    ]
    if rest:
        more = ", …" if len(rest) > _SHOWN else ""
        yield f"also holds {', '.join(rest[:_SHOWN])}{more}"


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor) or _is_array(value)


def _is_array(value: Any) -> bool:
    """Whether a value is an array of numbers of numpy: some save their weights so."""
    return (
        isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind in "fiub"
    )


def _to_tensor(value: Any) -> Any:
    import torch

    if not _is_array(value):
        return value
    native = value.astype(value.dtype.newbyteorder("="))
    return torch.from_numpy(np.ascontiguousarray(native))
