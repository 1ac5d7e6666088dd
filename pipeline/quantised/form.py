"""What is a form of quantisation: names of its tensors, their shapes, their meaning?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.quantised.parts import Parts
from pipeline.refs import TensorRef

Options = Mapping[str, Any]
Decode = Callable[[Parts, Options, int, int], NDArray[np.float32]]


class UnsupportedForm(Exception):  # noqa: N818  no error of the checkpoint's
    """Codes whose meaning is known to be unknown here; says why."""


@dataclass(frozen=True)
class Scheme:
    """What a config's `quantization_config` says, empty where there is none."""

    method: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """The tensors of one weight by role, `codes` among them.

    `read` gives a tensor's bytes: small ones state shapes and layouts.
    """

    parts: Mapping[str, TensorRef]
    read: Callable[[TensorRef], NDArray[np.uint8]]

    @property
    def codes(self) -> TensorRef:
        return self.parts["codes"]

    def need(self, role: str, name: str) -> TensorRef:
        """The part of a role. Raises SourceError that calls it by `name`."""
        part = self.parts.get(role)
        if part is None:
            raise damaged(self.codes.name, f"its {name} is missing")
        return part


@dataclass(frozen=True)
class Logical:
    """The weight that a group stands for: sizes (out, in), and how to decode it."""

    scheme: str
    shape: tuple[int, ...]
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """One way to store weights as codes.

    A tensor whose name ends in `endings["codes"]` is a candidate; what precedes that
    ending, with another role's ending, names that role's tensor; the first that exists
    is taken. `identify` says which weight the group is, or None if it is none of this
    form. It raises SourceError for a damaged group and UnsupportedForm.

    `decode(parts, options, start, stop)` gives rows of the weight, its leading sizes
    taken together. A form that is `is_rowwise` reads only those rows' codes; the others
    hold all codes at once. `check` says what is wrong
    with stored values that cannot be, "" when nothing is.
    """

    name: str
    endings: Mapping[str, tuple[str, ...]]
    identify: Callable[[Group, Scheme], Logical | None]
    decode: Decode
    is_rowwise: bool = True
    check: Callable[[Parts, Options], str] | None = None


def damaged(tensor: str, what: str) -> SourceError:
    """The error for a group that does not fit together."""
    return SourceError(
        what,
        where=tensor,
        fix="Download or convert the checkpoint again",
    )


def sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"
