"""What is the input of a metric family that needs several tensors at once?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.metrics.arrays.decode import to_float
from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.tensor import View

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Member:
    """One matrix of a group.

    `values` is null where they cannot be read; `status` and `reason` then say why.
    Without a `view` the tensor is taken as (first size, product of the others).
    """

    tensor: str
    digest: str | None
    values: TensorValues | None
    view: View | None = None
    is_transposed: bool = False
    status: str = "ok"
    reason: str = ""

    @property
    def eps(self) -> float | None:
        """Machine epsilon of the stored dtype, null for integers and without values."""
        return DTYPES[self.values.dtype].eps if self.values else None

    def patterns(self) -> NDArray[np.generic]:
        """Stored patterns, (outputs, inputs), sharing the tensor's memory."""
        if self.values is None:
            raise ValueError(f"{self.tensor} has no values: {self.reason}")
        array = self.values.array()
        if self.view is None:
            matrix = array.reshape(self.values.matrix_shape)
        else:
            matrix = self.view.of(array)
        return matrix.T if self.is_transposed else matrix

    def decode(self, patterns: NDArray[np.generic]) -> Matrix:
        """The numbers behind patterns, in float64."""
        if self.values is None:
            raise ValueError(f"{self.tensor} has no values: {self.reason}")
        with np.errstate(invalid="ignore"):  # a signalling NaN is treated as any NaN
            return to_float(patterns, self.values.dtype).astype(np.float64)


@dataclass(frozen=True)
class Attention:
    """The projections of one attention, by part: q, k, v and o, where they exist.

    `n_heads` holds the number of heads of each part that is certain to store its heads
    one after another along its outputs (inputs, for o). `problems` holds the reason for
    every other part, also for parts without a matrix of their own.
    """

    attention: str
    members: Mapping[str, Member]
    n_heads: Mapping[str, int]
    problems: Mapping[str, str]


@dataclass(frozen=True)
class Adapter:
    """ΔW = scale · B · A of one module; `scale` null where `scale_problem` says why.

    `factors` holds A (rank, inputs) and B (outputs, rank), where they exist.
    """

    module: str
    adapter: str
    variant: str
    factors: Mapping[str, Member]
    alpha: float | None
    scale: float | None
    scale_problem: str
    is_transposed: bool


@dataclass(frozen=True)
class Embedding:
    """A matrix with one row per token, and the tokens of the rows.

    `tokens` is null without a tokenizer; `tokenizer` names its file, and
    `tokenizer_problem` says why files could not be read.
    """

    member: Member
    tokens: Mapping[int, str] | None = None
    tokenizer: str = ""
    tokenizer_problem: str = ""
