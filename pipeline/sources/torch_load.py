"""What does a torch file hold, without running any of the code it may carry?"""

from __future__ import annotations

import io
import pickletools
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.errors import SourceError
from pipeline.sources.files import read_head, refuse_pointer
from pipeline.sources.plain_objects import PLAIN_OBJECTS
from pipeline.sources.rank_files import SHARDED_TENSORS

# No word of how to load it all the same: that would run it.
_CONVERT = (
    "Have its state dict alone saved where it was made, best by"
    " safetensors.torch.save_file"
)
_REFUSED = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)")
_SHARDED = re.compile(r"\b_?(DTensor|ShardedTensor|rebuild_dtensor|DeviceMesh)\b")
_REASON = re.compile(r"WeightsUnpickler error:\s*(.+)")
# FRAME, with which a pickle of protocol 4 begins: torch's safe loader knows up to 3.
_TOO_NEW = "Unsupported operand 149"
_OWN_WORDS = "Weights only load failed"  # torch's, and its advice to do without
_LOOKED_AT = 1 << 16  # bytes of a pickle in which names of code are looked for


def load(path: Path) -> Any:
    """The content of a torch file, its tensors on the CPU, mapped where the format can.

    Loaded with weights_only=True, never otherwise; plain data may lie beside. Raises
    SourceError when the file needs code to be loaded, is damaged or is no torch file.
    """
    head = read_head(path)
    refuse_pointer(path, head)
    torch = import_torch(path)
    try:
        # Old files make torch warn about its own past: nothing that a user can mend.
        with (
            warnings.catch_warnings(),
            torch.serialization.safe_globals(list(PLAIN_OBJECTS)),
        ):
            warnings.simplefilter("ignore")
            return torch.load(
                path, map_location="cpu", weights_only=True, mmap=is_mapped(head)
            )
    except Exception as error:  # torch raises whatever its parser stumbled on
        raise _explain(path, head, error) from error


def is_mapped(head: bytes) -> bool:
    """Whether a file that begins so is mapped: zip archives, torch's since 1.6, are."""
    return head.startswith(b"PK\x03\x04")


def import_torch(path: Path) -> ModuleType:
    """The module, imported here so that only its own files cost its start-up."""
    try:
        import torch
    except ImportError as error:
        raise SourceError(
            "a torch file, and torch is not installed",
            where=str(path),
            fix="pip install 'weightlake[torch]', or convert the file to safetensors",
        ) from error
    return torch


def _explain(path: Path, head: bytes, error: Exception) -> SourceError:
    text = str(error)
    if "TorchScript" in text:
        what = "a TorchScript program, which is code: refused"
        fix = (
            "Save its state dict: torch.jit.load(path).state_dict(), where you trust it"
        )
        return SourceError(what, where=str(path), fix=fix)
    refused = sorted(set(_REFUSED.findall(text)))
    if _SHARDED.search(text):
        why = SHARDED_TENSORS
        return SourceError(why.what, where=str(path), fix=why.fix)
    if refused:
        what = f"holds code ({', '.join(refused)}), which is never run"
        return SourceError(what, where=str(path), fix=_CONVERT)
    if _TOO_NEW in text:
        named = ", ".join(dict.fromkeys(_named_code(path, head)))
        what = (
            f"holds code ({named}), which is never run"
            if named
            else (
                "a pickle of protocol 4 or later, which torch loads only by running it"
            )
        )
        return SourceError(what, where=str(path), fix=_CONVERT)
    reason = _REASON.search(text)
    first_line = reason[1] if reason else text.strip().split("\n")[0]
    if not first_line or first_line.startswith(_OWN_WORDS):
        first_line = type(error).__name__
    hint = "; it looks like safetensors" if head[8:9] == b"{" else ""
    return SourceError(
        f"not a torch file, or a damaged one ({first_line:.200}){hint}",
        where=str(path),
        fix="Download or copy it again",
    )


def _named_code(path: Path, head: bytes) -> Iterator[str]:
    """What the start of a bare pickle would import, read off and not run."""
    if is_mapped(head):
        return
    strings: list[str] = []
    try:
        for code, value, _ in pickletools.genops(
            io.BytesIO(read_head(path, _LOOKED_AT))
        ):
            if isinstance(value, str):
                strings.append(value)
            if code.name == "STACK_GLOBAL" and len(strings) > 1:
                yield ".".join(strings[-2:])
    except ValueError:  # the start ends somewhere within the pickle
        return
