"""How does the loss answer to each weight, to first order? Gradients, reduced at once.

A gradient is taken over by its sum as soon as autograd has it, and let go: no more than
the sums and one gradient are held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.perturb.losses import Example, count_predictions, losses
from pipeline.perturb.scored import Scored, scored, to_numpy
from pipeline.perturb.weights import Weight, only_these
from pipeline.probes.capture import Forward

if TYPE_CHECKING:
    import torch

SIGNED, ABSOLUTE, FISHER = "grad_x_weight", "abs_grad_x_weight", "fisher"


def gradient_scores(
    forward: Forward,
    examples: Sequence[Example],
    weights: Sequence[Weight],
    metrics: Sequence[str],
    *,
    chunk: int,
) -> Iterator[Scored]:
    """g·w and |g·w|, g the gradient of the mean loss over all predicted tokens."""
    n = count_predictions(forward, examples)
    sums: dict[int, torch.Tensor] = {}

    def take(k: int, gradient: torch.Tensor) -> None:
        if k in sums:
            sums[k].add_(gradient)
        else:
            sums[k] = gradient.detach().to(_wide(gradient.dtype))

    is_finite = True
    with only_these(forward, weights), _taking(weights, take):
        for example in examples:
            loss = losses(forward, example, chunk=chunk).sum() / n
            is_finite = is_finite and bool(loss.isfinite())
            loss.backward()  # type: ignore[no-untyped-call]
    for k, one in enumerate(weights):
        total = sums.pop(k, None)
        for metric in metrics:
            if not is_finite:
                yield Scored(one, metric, None, "non_finite_loss")
            elif total is None:
                yield Scored(one, metric, None, "no_gradient")
            else:
                values = to_numpy(total * one.parameter.detach())
                found = abs(values) if metric == ABSOLUTE else values
                yield scored(one, metric, found, n_samples=n)


def fisher_scores(
    forward: Forward,
    samples: Sequence[Example],
    weights: Sequence[Weight],
    *,
    chunk: int,
) -> Iterator[Scored]:
    """Mean over samples of g_n², g_n the gradient of one window's mean loss.

    The empirical Fisher diagonal: not the square of the mean gradient. `sum_stderr` is
    over samples.
    """
    n = len(samples)
    squares: dict[int, torch.Tensor] = {}
    sums: Mapping[int, list[float]] = {k: [] for k in range(len(weights))}

    def take(k: int, gradient: torch.Tensor) -> None:
        wide = gradient.detach().to(_wide(gradient.dtype))
        if k in squares:
            squares[k].addcmul_(wide, wide, value=1 / n)
        else:
            squares[k] = wide.square().div_(n)
        sums[k].append(float(wide.norm()) ** 2)

    is_finite = True
    with only_these(forward, weights), _taking(weights, take):
        for sample in samples:
            loss = losses(forward, sample, chunk=chunk).mean()
            is_finite = is_finite and bool(loss.isfinite())
            loss.backward()  # type: ignore[no-untyped-call]
    for k, one in enumerate(weights):
        total = squares.pop(k, None)
        if not is_finite:
            yield Scored(one, FISHER, None, "non_finite_loss")
        elif total is None:
            yield Scored(one, FISHER, None, "no_gradient")
        else:
            stderr = _stderr([*sums[k], *[0.0] * (n - len(sums[k]))])
            yield scored(one, FISHER, to_numpy(total), sum_stderr=stderr, n_samples=n)


@contextmanager
def _taking(
    weights: Sequence[Weight], take: Callable[[int, torch.Tensor], None]
) -> Iterator[None]:
    """While open, each gradient goes to `take` as soon as it is there."""

    def hook_of(k: int) -> Callable[[Any], None]:
        def hook(parameter: Any) -> None:
            take(k, parameter.grad)
            parameter.grad = None

        return hook

    handles = [_hook(one.parameter, hook_of(k)) for k, one in enumerate(weights)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hook(parameter: Any, hook: Callable[[Any], None]) -> Any:
    return parameter.register_post_accumulate_grad_hook(hook)


def _wide(dtype: torch.dtype) -> torch.dtype:
    import torch

    return torch.float64 if dtype == torch.float64 else torch.float32


def _stderr(values: Sequence[float]) -> float | None:
    import numpy as np

    n = len(values)
    return float(np.std(values, ddof=1) / n**0.5) if n > 1 else None
