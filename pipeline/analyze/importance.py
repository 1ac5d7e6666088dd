"""What does the model's answer owe to each token of the text? Three ways, and a check.

gradient × input: Σ over an embedding of value × gradient; first order, one backward.
Integrated gradients (Sundararajan, Taly & Yan 2017): the gradient along the straight
line from a baseline, the mean embedding of the vocabulary; its sum over tokens equals
the difference of the answers, and by how much it does not is said.
Occlusion: what the answer loses when a token has the baseline's embedding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    from pipeline.analyze.target import Target

# Points on the line, doubled until the sum fits: Gauss and Legendre's need few.
_FIRST_STEPS, _MOST_STEPS = 16, 256
_COMPLETE = 0.01  # of the difference of the answers
_ROWS = 16  # embeddings of whole texts that run together


@dataclass(frozen=True)
class Importance:
    """(T,) each. `value` is the answer, `baseline_value` that of baselines alone.

    `completeness_error` is |Σ integrated gradients − (value − baseline)| over that
    difference; `n_steps` the points that it took.
    """

    gradient_x_input: NDArray[np.float64]
    integrated_gradients: NDArray[np.float64]
    occlusion: NDArray[np.float64]
    value: float
    baseline_value: float
    completeness_error: float
    n_steps: int


def token_importance(target: Target, baseline: torch.Tensor) -> Importance:
    """Importance of each token; `baseline` (d,) is the embedding that says nothing."""
    import torch

    x = target.embeddings
    empty = baseline.to(x).expand_as(x)
    with torch.no_grad():
        value = float(target.value(x)[0])
        baseline_value = float(target.value(empty)[0])
    gradient = _gradients(target, x)[0]
    integrated, n_steps, error = _integrate(target, empty, value - baseline_value)
    return Importance(
        _per_token(gradient * x[0]),
        integrated,
        _occlude(target, empty, value),
        value,
        baseline_value,
        error,
        n_steps,
    )


def _integrate(
    target: Target, empty: torch.Tensor, difference: float
) -> tuple[NDArray[np.float64], int, float]:
    """Points are doubled until the sum is complete, or there are too many."""
    x = target.embeddings
    n_steps = _FIRST_STEPS
    while True:
        at, weights = np.polynomial.legendre.leggauss(n_steps)
        total = (x[0] * 0).double()
        for first in range(0, n_steps, _ROWS):
            part = slice(first, first + _ROWS)
            shares = x.new_tensor((at[part] + 1) / 2)[:, None, None]
            found = _gradients(target, empty + shares * (x - empty))
            total += (x.new_tensor(weights[part] / 2)[:, None, None] * found).sum(0)
        integrated = _per_token(total * (x - empty)[0])
        error = abs(float(integrated.sum()) - difference) / max(abs(difference), 1e-12)
        if error <= _COMPLETE or n_steps >= _MOST_STEPS:
            return integrated, n_steps, error
        n_steps *= 2


def _gradients(target: Target, embeddings: torch.Tensor) -> torch.Tensor:
    import torch

    asked = embeddings.detach().clone().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(target.value(asked).sum(), asked)
    return found.double()


def _occlude(target: Target, empty: torch.Tensor, value: float) -> NDArray[np.float64]:
    import torch

    x = target.embeddings
    lost = []
    for first in range(0, x.shape[1], _ROWS):
        places = range(first, min(first + _ROWS, x.shape[1]))
        rows = x.repeat(len(places), 1, 1)
        for row, place in enumerate(places):
            rows[row, place] = empty[0, place]
        with torch.no_grad():
            lost.append(value - target.value(rows).double())
    found: NDArray[np.float64] = torch.cat(lost).cpu().numpy()
    return found


def _per_token(values: torch.Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.double().sum(-1).cpu().numpy()
    return found
