"""What is the input of a metric family? A tensor, its matrix views, earlier results."""

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

    `memory_bytes` bounds the memory that a family may allocate beside the tensor.
    `solve` computes spectra, on the processor or a device; `solved` keeps the results
    of `solving.solve_view` by view, for later families. `nulls` are the draws of noise
    by shape, for families that use them; a view without a null is not compared.
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

    `measure` returns rows by table name, without the columns that identify the tensor.
    A change of any definition raises `version`, and older rows are measured again.
    `takes` is the type of the input: Tensor, or a group of tensors that belong together
    (as in `metrics.group`), which are read once more; rows of groups name their tensors
    themselves. A family with `uses_nulls` finds the nulls in its tensor. A family
    without `is_default` runs only when the user names it.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    measure: Callable[[Any], Rows]
    takes: type = Tensor
    is_default: bool = True
    uses_nulls: bool = False
