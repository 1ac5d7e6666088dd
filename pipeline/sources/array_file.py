"""What is an array of another framework's file, and what must each format give?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.errors import SourceError
from pipeline.refs import TensorRef

# numpy's name of a dtype, where safetensors has a code for it.
_CODES = {
    "bool": "BOOL",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
}


@dataclass(frozen=True)
class Array:
    """An array of a file: `key` finds it there again, `name` is what it is called."""

    name: str
    key: str
    code: str
    shape: tuple[int, ...]
    skip_reason: str = ""

    def to_ref(self, file: str) -> TensorRef:
        known = DTYPES.get(self.code)
        n_bytes = prod(self.shape) * known.bits // 8 if known else 0
        return TensorRef(
            self.name,
            self.code,
            self.shape,
            file,
            n_bytes,
            skip_reason=self.skip_reason,
        )


class ArrayFile(Protocol):
    """An open file of arrays."""

    @property
    def arrays(self) -> Sequence[Array]: ...
    @property
    def notes(self) -> Sequence[str]: ...
    def rows(self, key: str, start: int, stop: int) -> NDArray[Any]:
        """Some of the first axis, all of a scalar; little-endian."""
        ...

    def close(self) -> None: ...


def code_of(dtype: str) -> tuple[str, str]:
    """The code of a dtype, and why its values cannot be measured, if they cannot."""
    code = _CODES.get(dtype)
    return (code, "") if code else (dtype, "unsupported_dtype")


def not_such(path: Path, why: str) -> SourceError:
    """The error for a file that is not what its name says."""
    what = path.name.rpartition(".")[2]
    return SourceError(
        f"not a .{what} file, or a damaged one ({why:.200})",
        where=str(path),
        fix="Download or copy it again, or convert it to safetensors where it was made",
    )


def leads_out(path: Path, what: str) -> SourceError:
    """The error for a file that refers to another one outside the checkpoint."""
    return SourceError(
        f"{what}, which is not followed",
        where=str(path),
        fix="Save the model again with all its values in its own folder",
    )


def import_library(
    path: Path, load: Callable[[], ModuleType], extra: str
) -> ModuleType:
    """A format's library, imported where a file of it is first met."""
    try:
        return load()
    except ImportError as error:
        raise SourceError(
            f"needs the library {error.name}, which is not installed",
            where=str(path),
            fix=f"pip install 'weightlake[{extra}]', or convert it to safetensors",
        ) from error
