"""What does an adapter make of rows of a weight, and from what is that known?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class NotUnderstoodError(Exception):
    """An adapter whose effect these formulas do not give; the text says why."""


class Effect(Protocol):
    """What becomes of rows of a weight; `needs_all` where only of all rows at once."""

    @property
    def needs_all(self) -> bool: ...

    @property
    def n_rows(self) -> int | None:
        """Rows that the weight must have, null where any will do."""
        ...

    def rows(self, old: Array, start: int) -> Array: ...

    def turned(self) -> Effect | None:
        """The effect on the weight stored the other way round, if that has rows."""
        ...


@dataclass(frozen=True)
class Product:
    """W + left · right, of which rows are made as they are asked for."""

    left: Array
    right: Array
    needs_all: bool = False

    @property
    def n_rows(self) -> int:
        return len(self.left)

    def rows(self, old: Array, start: int) -> Array:
        return old + self.left[start : start + len(old)] @ self.right

    def turned(self) -> Effect:
        return Product(self.right.T, self.left.T)


@dataclass(frozen=True)
class ByRows:
    """A function of some rows of W and the index of their first."""

    of: Callable[[Array, int], Array]
    needs_all: bool = False
    n_rows: int | None = None

    def rows(self, old: Array, start: int) -> Array:
        return self.of(old, start)

    def turned(self) -> None:
        return None


@dataclass(frozen=True)
class Given:
    """The parts of one module, as they are stored, and what its config says.

    `scale` is alpha / rank as PEFT has it, null with `scale_problem` where unknown.
    """

    parts: Mapping[str, Array]
    scale: float | None
    scale_problem: str
    config: Mapping[str, Any]
    module: str = ""

    def scaled(self) -> float:
        if self.scale is None:
            raise NotUnderstoodError(self.scale_problem)
        return self.scale

    def need(self, *names: str) -> list[Array]:
        lacking = [name for name in names if name not in self.parts]
        if lacking:
            raise NotUnderstoodError(f"there is no {', '.join(lacking)} of this module")
        return [self.parts[name] for name in names]


def added(delta: Array) -> Effect:
    """W + Δ, Δ being whole."""
    return ByRows(
        lambda old, start: old + delta[start : start + len(old)], n_rows=len(delta)
    )
