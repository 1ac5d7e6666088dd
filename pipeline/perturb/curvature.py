"""How does the loss bend along each weight? Hessian diagonals, estimated and exact.

Attention runs by its plain formula while these are open: the fused kernels of torch
have no second derivative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.perturb.losses import Example, count_predictions, losses
from pipeline.perturb.scored import Scored, scored, to_numpy
from pipeline.perturb.weights import Weight, only_these
from pipeline.probes.capture import Forward

if TYPE_CHECKING:
    import torch

HUTCHINSON, EXACT, OBD = "hutchinson_diag", "hessian_diag", "obd"


@dataclass
class _Running:
    """Mean and squared deviations of a tensor's probes, and of their sums (Welford)."""

    mean: torch.Tensor
    squares: torch.Tensor
    n: int = 0
    sum_mean: float = 0.0
    sum_squares: float = 0.0

    def add(self, found: torch.Tensor) -> None:
        self.n += 1
        total = float(found.sum())
        off = total - self.sum_mean
        self.sum_mean += off / self.n
        self.sum_squares += off * (total - self.sum_mean)
        # In place: (x − old mean)(x − new mean) = (x − old mean)² (n − 1) / n.
        found.sub_(self.mean)
        self.mean.add_(found, alpha=1 / self.n)
        self.squares.addcmul_(found, found, value=(self.n - 1) / self.n)

    def stderr(self) -> torch.Tensor | None:
        """Standard error of each mean; its squares are used up."""
        if self.n < 2:
            return None
        return self.squares.div_(self.n * (self.n - 1)).sqrt_()

    def sum_stderr(self) -> float | None:
        if self.n < 2:
            return None
        return float((self.sum_squares / self.n / (self.n - 1)) ** 0.5)


@dataclass(frozen=True)
class Probing:
    """How many vectors of random signs, from which seed; and logits at once."""

    n: int = 32
    seed: int = 0
    chunk: int = 1024


def hutchinson_scores(
    forward: Forward,
    examples: Sequence[Example],
    weights: Sequence[Weight],
    *,
    metrics: Sequence[str],
    probing: Probing,
) -> Iterator[Scored]:
    """Mean over probes of v ⊙ Hv, v of random signs (Bekas et al. 2007), and ½hw².

    H is the Hessian of the mean loss over all predicted tokens. `stderr` is over the
    probes; negative values stay negative.
    """
    running = _probe(forward, examples, weights, probing)
    for k, one in enumerate(weights):
        found = running[k]
        if isinstance(found, str):
            for metric in metrics:
                yield Scored(one, metric, None, found)  # type: ignore[arg-type]
            continue
        sum_stderr, errors = found.sum_stderr(), found.stderr()
        h = to_numpy(found.mean)
        stderr = None if errors is None else to_numpy(errors)
        half = 0.5 * to_numpy(one.parameter) ** 2
        running[k] = "ok"  # lets go of its tensors
        for metric in metrics:
            by = half if metric == OBD else 1.0
            yield scored(
                one,
                metric,
                h * by,
                stderr=None if stderr is None else stderr * by,
                sum_stderr=None if metric == OBD else sum_stderr,
                n_samples=probing.n,
            )


def _probe(
    forward: Forward,
    examples: Sequence[Example],
    weights: Sequence[Weight],
    probing: Probing,
) -> list[_Running | str]:
    import torch

    parameters = [one.parameter for one in weights]
    running: list[_Running | str] = ["no_gradient"] * len(weights)
    n = count_predictions(forward, examples)
    generator = torch.Generator().manual_seed(probing.seed)
    with only_these(forward, weights), plain_attention():
        for _ in range(probing.n):
            signs = [_signs(one, generator) for one in parameters]
            sums: list[torch.Tensor | None] = [None] * len(weights)
            for example in examples:
                loss = losses(forward, example, chunk=probing.chunk).sum() / n
                if not bool(loss.isfinite()):
                    return ["non_finite_loss"] * len(weights)
                _add_products(sums, _products(loss, parameters, signs))
            for k, product in enumerate(sums):
                if product is None:
                    continue
                found = running[k]
                if isinstance(found, str):
                    zero = torch.zeros_like(product)
                    found = running[k] = _Running(zero, torch.zeros_like(product))
                found.add(product.mul_(signs[k]))
                sums[k] = None
    return running


def _add_products(
    sums: list[torch.Tensor | None], products: Sequence[torch.Tensor | None]
) -> None:
    for k, product in enumerate(products):
        if product is not None:
            held = sums[k]
            sums[k] = product if held is None else held.add_(product)


def _signs(parameter: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """±1 for each weight, a byte each."""
    import torch

    drawn = torch.randint(
        0, 2, tuple(parameter.shape), generator=generator, dtype=torch.int8
    )
    return drawn.mul_(2).sub_(1).to(parameter.device)


def _products(
    loss: torch.Tensor,
    parameters: Sequence[torch.Tensor],
    signs: Sequence[torch.Tensor],
) -> list[torch.Tensor | None]:
    """Hv by a derivative of g·v; None for a weight that the loss does not see."""
    import torch

    gradients: Sequence[torch.Tensor | None] = torch.autograd.grad(
        loss, parameters, create_graph=True, allow_unused=True
    )
    pairs = [
        (g * v).sum() for g, v in zip(gradients, signs, strict=True) if g is not None
    ]
    if not pairs:
        return [None] * len(parameters)
    total = torch.stack(pairs).sum()
    if not total.requires_grad:
        return [None if g is None else torch.zeros_like(g) for g in gradients]
    found = torch.autograd.grad(total, parameters, allow_unused=True)
    pairs_of = zip(gradients, found, strict=True)
    return [_or_zero(g, h) for g, h in pairs_of]


def _or_zero(
    gradient: torch.Tensor | None, product: torch.Tensor | None
) -> torch.Tensor | None:
    """A gradient that does not depend on the weights has a second derivative of 0."""
    if product is not None or gradient is None:
        return product
    return gradient.detach() * 0


def exact_scores(
    forward: Forward,
    examples: Sequence[Example],
    weights: Sequence[Weight],
    *,
    limit: int,
    chunk: int,
) -> Iterator[Scored]:
    """The Hessian's own diagonal, a derivative per weight; tensors of few weights."""
    n = count_predictions(forward, examples)
    for one in weights:
        if one.n_elements > limit:
            yield Scored(one, EXACT, None, "too_large")
            continue
        with only_these(forward, [one]), plain_attention():
            yield _exact(forward, examples, one, n=n, chunk=chunk)


def _exact(
    forward: Forward, examples: Sequence[Example], weight: Weight, *, n: int, chunk: int
) -> Scored:
    import torch

    parameter = weight.parameter
    total = torch.zeros_like(parameter).reshape(-1)
    for example in examples:
        loss = losses(forward, example, chunk=chunk).sum() / n
        if not bool(loss.isfinite()):
            return Scored(weight, EXACT, None, "non_finite_loss")
        gradient: torch.Tensor | None = torch.autograd.grad(
            loss, parameter, create_graph=True, allow_unused=True
        )[0]
        if gradient is None:
            return Scored(weight, EXACT, None, "no_gradient")
        if not gradient.requires_grad:
            continue
        for k, each in enumerate(gradient.reshape(-1)):
            row: torch.Tensor | None = torch.autograd.grad(
                each, parameter, retain_graph=True, allow_unused=True
            )[0]
            if row is not None:
                total[k] += row.reshape(-1)[k]
    return scored(weight, EXACT, to_numpy(total.reshape(parameter.shape)), n_samples=n)


@contextmanager
def plain_attention() -> Iterator[None]:
    """While open, attention runs by its formula, which has a second derivative."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with sdpa_kernel(SDPBackend.MATH):
        yield
