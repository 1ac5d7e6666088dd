"""What does a model hold at this step? A copy in main memory, then a file.

The copy is all that training waits for. Its buffers are kept for the next one.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from pipeline.errors import SourceError

WEIGHTS = "model.safetensors"
_WRAPPERS = ("_orig_mod", "module")  # torch.compile, DistributedDataParallel


class Snapshot:
    """The parameters and buffers of a module, copied again and again."""

    def __init__(self) -> None:
        self._buffers: dict[str, torch.Tensor] = {}

    def take(self, module: torch.nn.Module) -> int:
        """Copy what the module holds now; returns the bytes. Tied tensors are one.

        Raises SourceError for tensors that are sharded over processes or that hold no
        values: a part is not the model.
        """
        seen: dict[tuple[int, tuple[int, ...]], str] = {}
        kept: dict[str, torch.Tensor] = {}
        for name, tensor in unwrapped(module).state_dict().items():
            if not isinstance(tensor, torch.Tensor):
                continue  # extra state of a module is no weight
            _check_whole(name, tensor)
            place = (tensor.data_ptr(), tuple(tensor.shape))
            if tensor.numel() and place in seen:
                continue
            seen[place] = name
            kept[name] = self._copy(name, tensor)
        self._buffers = kept
        return sum(each.numel() * each.element_size() for each in kept.values())

    def write(self, folder: Path, config: dict[str, Any] | None) -> None:
        """Put the copy into a folder of its own; it appears there whole or not at all.

        Raises OSError where the disk has no room; nothing is left there then.
        """
        hidden = folder.with_name(f".{folder.name}")
        try:
            hidden.mkdir(parents=True, exist_ok=True)
            save_file(self._buffers, hidden / WEIGHTS)
            if config is not None:
                text = json.dumps(config, default=str)
                (hidden / "config.json").write_text(text, encoding="utf-8")
            hidden.rename(folder)
        except BaseException:
            shutil.rmtree(hidden, ignore_errors=True)
            raise

    def _copy(self, name: str, tensor: torch.Tensor) -> torch.Tensor:
        buffer = self._buffers.get(name)
        is_fit = (
            buffer is not None
            and buffer.shape == tensor.shape
            and buffer.dtype == tensor.dtype
        )
        if buffer is None or not is_fit:
            buffer = torch.empty(tensor.shape, dtype=tensor.dtype)
        return buffer.copy_(tensor.detach())


def unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """The module that was wrapped for compilation or for several processes."""
    for name in _WRAPPERS:
        inner = getattr(module, name, None)
        is_alone = len(list(module.children())) == 1
        if isinstance(inner, torch.nn.Module) and is_alone:
            return unwrapped(inner)
    return module


def config_of(module: torch.nn.Module) -> dict[str, Any] | None:
    """The config of a transformers model as config.json has it, else None."""
    config = getattr(unwrapped(module), "config", None)
    to_dict = getattr(config, "to_dict", None)
    if to_dict is None:
        return None
    words = dict(to_dict())
    words.setdefault("architectures", [type(unwrapped(module)).__name__])
    return words


def _check_whole(name: str, tensor: torch.Tensor) -> None:
    if hasattr(tensor, "device_mesh") or tensor.device.type == "meta":
        raise SourceError(
            "is sharded over processes, or holds no values here",
            where=name,
            fix="Record from a process that holds the whole model, or run "
            "weightlake watch over the checkpoints that it saves",
        )
