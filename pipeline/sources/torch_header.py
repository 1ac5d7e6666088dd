"""Which tensors do torch files hold, and which of them can be measured?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.refs import TensorRef
from pipeline.sources.files import is_unicode
from pipeline.sources.rank_files import SHARDED_TENSORS
from pipeline.sources.torch_load import load
from pipeline.sources.torch_names import TORCH_CODES
from pipeline.sources.torch_states import (
    Content,
    Entry,
    TooManyEntriesError,
    common_wrapper,
    find_entries,
)


def list_tensors(
    folder: Path, files: Sequence[str]
) -> tuple[tuple[TensorRef, ...], list[str]]:
    """Every tensor of the files, in their order, and notes on what else they hold.

    Prefixes that wrappers put before all weights are removed. A tensor that cannot be
    measured says why in `skip_reason`; its dtype may then be torch's name for one that
    safetensors does not know. Raises SourceError as `load` does.
    """
    tensors: list[TensorRef] = []
    notes: list[str] = []
    for name in files:
        content = load_entries(folder / name)
        tensors += _describe_all(folder, name, content.entries)
        notes += [note for note in content.notes if note not in notes]
    weights = [tensor.name for tensor in tensors if not tensor.skip_reason]
    prefix = common_wrapper(weights)
    if prefix:
        tensors = [_strip(tensor, prefix) for tensor in tensors]
        notes.append(f"the prefix {prefix} was removed from every name")
    skipped = Counter(tensor.skip_reason for tensor in tensors if tensor.skip_reason)
    skipped.pop("ema_copy", None)  # noted with its option when the checkpoint is opened
    notes += [f"{n} tensors skipped: {reason}" for reason, n in sorted(skipped.items())]
    return tuple(tensors), notes


def load_entries(path: Path) -> Content:
    """Every tensor of one file, loaded. Raises SourceError as `load` does."""
    try:
        return find_entries(load(path))
    except TooManyEntriesError as error:
        raise SourceError(
            f"holds {error}: hardly a checkpoint",
            where=str(path),
            fix="Save its state dict alone",
        ) from error


def _strip(tensor: TensorRef, prefix: str) -> TensorRef:
    return replace(
        tensor,
        name=tensor.name.removeprefix(prefix),
        shared_with=tensor.shared_with.removeprefix(prefix),
    )


def _describe_all(folder: Path, file: str, entries: Sequence[Entry]) -> list[TensorRef]:
    path, tensors = folder / file, []
    first_in_storage: dict[Any, str] = {}
    for entry in entries:
        if not is_unicode(entry.name):
            raise SourceError(
                f"the tensor name {entry.name!r} is not valid Unicode",
                where=str(path),
                fix="Save the state dict again under another name",
            )
        if type(entry.tensor).__name__ in ("DTensor", "ShardedTensor"):
            why = SHARDED_TENSORS
            raise SourceError(why.what, where=str(path), fix=why.fix)
        tensor = _describe(entry, file)
        place = None if tensor.skip_reason else _place(entry.tensor)
        if place is not None:
            first = first_in_storage.setdefault(place, tensor.name)
            if first != tensor.name:
                tensor = replace(tensor, shared_with=first)
        tensors.append(tensor)
    return tensors


def _describe(entry: Entry, file: str) -> TensorRef:
    tensor = entry.tensor
    dtype = str(tensor.dtype).removeprefix("torch.")
    reason = entry.skip_reason or _why_not(tensor, dtype)
    if tensor.is_nested:
        shape: tuple[int, ...] = (tensor.numel(),)
    else:
        shape = tuple(tensor.shape)
    n_bytes = prod(shape) * tensor.dtype.itemsize
    if reason in {"sparse", "no_data", "expanded"}:
        n_bytes = 0 if reason == "no_data" else _stored_bytes(tensor)
    if dtype == "float4_e2m1fn_x2" and shape:
        shape = (*shape[:-1], 2 * shape[-1])  # torch counts pairs, safetensors values
    code = TORCH_CODES.get(dtype, dtype)
    return TensorRef(entry.name, code, shape, file, n_bytes, skip_reason=reason)


def _why_not(tensor: Any, dtype: str) -> str:
    """Why a tensor's values cannot be handed out as bytes; empty when they can."""
    if tensor.is_meta:
        return "no_data"
    if tensor.is_quantized:
        return "quantised"
    if _is_sparse(tensor):
        return "sparse"
    if dtype not in TORCH_CODES or tensor.is_nested:
        return "unsupported_dtype"
    # A file of a few bytes may claim any shape by steps of zero through its storage.
    if tensor.nbytes > tensor.untyped_storage().nbytes():
        return "expanded"
    return ""


def _is_sparse(tensor: Any) -> bool:
    import torch

    return tensor.layout is not torch.strided and not tensor.is_nested


def _stored_bytes(tensor: Any) -> int:
    if not _is_sparse(tensor):
        return int(tensor.untyped_storage().nbytes())
    values = tensor._values() if tensor.is_sparse else tensor.values()  # noqa: SLF001
    return int(values.nbytes)


def _place(tensor: Any) -> Any:
    """Equal for tensors that are one piece of memory, None for empty ones."""
    if tensor.numel() == 0:
        return None
    return tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride()
