"""Which files that differ in a number alone are the parts of one model?

`weights.00.safetensors` and `weights.01.safetensors` do not say how many there are.
They are one model where no name of a tensor is in two of them; steps of a series, or
models of one kind, hold the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.sources.safetensors_header import read_header

_NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>\D*)")
# To list a torch file costs its pickle: only what libraries call a model's.
_TORCH = re.compile(
    r"(pytorch_model|model|weights|consolidated|.*(shard|part))[-_.]?\*[-_.]?"
    r"\.(bin|pt|pth|ckpt)"
)


def find_parts(folder: Path, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The sets of parts in a folder, by a name with `*` in the place of the number."""
    families: dict[str, dict[int, str]] = {}
    for name in names:
        match = _NUMBERED.fullmatch(name)
        if match:
            head = f"{match['before']}*{match['after']}"
            families.setdefault(head, {})[int(match["number"])] = name
    return {
        head: tuple(files[number] for number in sorted(files))
        for head, files in families.items()
        if _is_counted(sorted(files))
        and (head.endswith(".safetensors") or _TORCH.fullmatch(head))
        and _are_disjoint(folder, [files[number] for number in sorted(files)])
    }


def _is_counted(numbers: list[int]) -> bool:
    return len(numbers) > 1 and numbers in (
        list(range(len(numbers))),
        list(range(1, len(numbers) + 1)),
    )


def _are_disjoint(folder: Path, files: list[str]) -> bool:
    seen: set[str] = set()
    for file in files:
        try:
            names = _names(folder, file)
        except SourceError:
            return False  # each is reported when it is opened
        if not names or seen & names:
            return False
        seen |= names
    return True


def _names(folder: Path, file: str) -> set[str]:
    if file.endswith(".safetensors"):
        return {tensor.name for tensor in read_header(folder / file)}
    from pipeline.sources.torch_header import list_tensors

    return {one.name for one in list_tensors(folder, [file])[0] if not one.skip_reason}
