"""What is a metric family given? A tensor, its matrix views, what is known yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.entries.distribution import Distribution, distribution
from pipeline.metrics.entries.statistics import describe
from pipeline.metrics.entries.tally import Tally, tally
from pipeline.metrics.nulls.by_shape import Nulls
from pipeline.metrics.spectra.singular_values import (
    SingularValues,
    Solve,
    singular_values,
)
from pipeline.row import Row

Rows = dict[str, list[Row]]


class View(Protocol):
    """A way to see a tensor as a matrix; `of` takes the tensor in its stored shape."""

    @property
    def view(self) -> str: ...
    @property
    def component(self) -> str: ...
    @property
    def expert(self) -> int | None: ...
    @property
    def matrix_view(self) -> str: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_cols(self) -> int: ...
    def of(self, array: NDArray[np.generic], /) -> NDArray[np.generic]: ...


@dataclass(frozen=True)
class Unsolved:
    """Why a view has no singular values."""

    status: str
    reason: str


@dataclass(frozen=True)
class Tensor:
    """One tensor as the families see it; the counting pass runs once, when needed.

    `memory_bytes` bounds what a family may allocate beside the tensor itself; `solve`
    finds spectra, here or on a device, and `solved` holds by view what
    `solving.solve_view` found, for the families after the first. `nulls` are the draws
    of noise by shape, for families that use them; a view whose shape they lack is not
    compared.
    """

    values: TensorValues
    views: Sequence[View]
    no_view_reason: str
    memory_bytes: int
    solve: Solve = singular_values
    solved: dict[str, SingularValues | Unsolved] = field(
        default_factory=dict, repr=False, compare=False
    )
    nulls: Nulls = field(default_factory=dict)

    @cached_property
    def tally(self) -> Tally:
        return tally(self.values)

    @cached_property
    def distribution(self) -> Distribution:
        return distribution(self.tally)

    @cached_property
    def entries(self) -> Row:
        return describe(self.distribution, self.tally.sums)

    @property
    def has_non_finite(self) -> bool:
        dist = self.distribution
        return dist.n_nan + dist.n_pos_inf + dist.n_neg_inf > 0

    @property
    def abs_max(self) -> float:
        """Largest finite magnitude, 0 without any."""
        return float(self.entries.get("abs_max") or 0)


@dataclass(frozen=True)
class Family:
    """A set of metrics that is measured, versioned and redone together.

    `measure` returns rows by table name, without the columns that say whose they are;
    a change of any definition raises `version`, and with it what counts as done.
    What it `takes` is a type: Tensor, or a group of tensors that belong together (as
    in `metrics.group`), which are read once more; rows of groups name their tensors
    themselves. A family that `uses_nulls` finds them in its tensor. One that is not
    `is_default` runs only when it is asked for.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    measure: Callable[[Any], Rows]
    takes: type = Tensor
    is_default: bool = True
    uses_nulls: bool = False
