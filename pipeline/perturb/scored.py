"""What is a score? A number for each weight of one tensor under one metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.perturb.weights import Weight

Array = NDArray[Any]
Status = Literal[
    "ok",
    "all_zero",
    "non_finite",
    "non_finite_loss",
    "no_head",
    "no_mask_token",
    "no_gradient",
    "no_input",
    "frozen",
    "integer",
    "too_large",
]


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of one tensor, of its shape; None where `status` says why not.

    `stderr` is each score's standard error where the metric is an estimate,
    `sum_stderr` that of their sum; `n_samples` counts what they are estimated from.
    """

    weight: Weight
    metric: str
    values: Array | None
    status: Status = "ok"
    stderr: Array | None = None
    sum_stderr: float | None = None
    n_samples: int = 0


def scored(
    weight: Weight,
    metric: str,
    values: Array,
    *,
    stderr: Array | None = None,
    sum_stderr: float | None = None,
    n_samples: int = 0,
) -> Scored:
    """Scores with their status: ok, all_zero, or non_finite where any is."""
    status: Status = "ok"
    if not np.isfinite(values).all():
        status = "non_finite"
    elif not values.any():
        status = "all_zero"
    return Scored(weight, metric, values, status, stderr, sum_stderr, n_samples)


def to_numpy(tensor: Any) -> Array:
    """A tensor's values as float32, or float64 where it has them."""
    import torch

    kind = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    found: Array = tensor.detach().to("cpu", kind).numpy()
    return found
