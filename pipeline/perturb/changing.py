"""How are weights changed, and brought back bit by bit? Nothing is left as changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import xxhash

from pipeline.errors import SourceError
from pipeline.perturb.scored import Array
from pipeline.perturb.weights import Weight

if TYPE_CHECKING:
    import torch

Operation = Literal["sign_flip", "scale", "zero", "gaussian", "int8", "int4"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
Picks = Sequence[tuple[Weight, Array]]


@dataclass
class Guard:
    """Knows the digest of every weight, and whether the model is as it was.

    After a restoration that was broken off it refuses every further change.
    """

    weights: Sequence[Weight]
    is_sure: bool = True
    digests: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.digests = {one.path: digest(one.parameter) for one in self.weights}

    def verify(self, weights: Sequence[Weight]) -> None:
        """Raise SourceError where a weight is not as it was, and stay unsure."""
        for one in weights:
            if digest(one.parameter) != self.digests[one.path]:
                raise SourceError(
                    "was not restored bit by bit after a perturbation",
                    where=one.tensor,
                    fix="Load the model again",
                )
        self.is_sure = True


def digest(parameter: Any) -> str:
    """xxh3-128 over a parameter's bytes."""
    import torch

    flat = parameter.detach().cpu().contiguous().view(torch.uint8)
    return xxhash.xxh3_128_hexdigest(flat.numpy().data)


@contextmanager
def changed(
    guard: Guard, picks: Picks, change: Callable[[Weight, torch.Tensor], torch.Tensor]
) -> Iterator[float]:
    """While open, the picked weights are what `change` makes of them; gives ‖Δ‖₂.

    Afterwards, after an error or an interruption too, they are what they were, and a
    digest proves it. Raises SourceError where they are not, or an earlier restoration
    was broken off.
    """
    import torch

    if not guard.is_sure:
        raise SourceError(
            "an earlier perturbation was not restored",
            where=picks[0][0].tensor if picks else "",
            fix="Load the model again",
        )
    saved: list[tuple[Weight, torch.Tensor, torch.Tensor]] = []
    square = 0.0
    guard.is_sure = False
    try:
        with torch.no_grad():
            for weight, places in picks:
                flat = weight.parameter.data.view(-1)
                at = torch.from_numpy(places).to(flat.device)
                before = flat[at].clone()
                saved.append((weight, at, before))
                after = change(weight, before)
                square += float((after.double() - before.double()).square().sum())
                flat[at] = after.to(flat.dtype)
        yield square**0.5
    finally:
        for weight, at, before in saved:
            weight.parameter.data.view(-1)[at] = before
        guard.verify([weight for weight, _, _ in saved])


@contextmanager
def changed_by(
    guard: Guard,
    model: Any,
    picks: Picks,
    apply: Callable[[Any, Mapping[str, Any]], object],
) -> Iterator[float]:
    """As `changed`, by a user's `apply(model, sensitivity)`, which may touch anything.

    `sensitivity` maps each parameter's name to ones where its weights are picked and
    zeros elsewhere. All weights are copied meanwhile.
    """
    import torch

    guard.verify(guard.weights)
    sensitivity = {one.path: torch.zeros_like(one.parameter) for one in guard.weights}
    for one, places in picks:
        sensitivity[one.path].data.view(-1)[torch.from_numpy(places)] = 1
    saved = [one.parameter.detach().clone() for one in guard.weights]
    guard.is_sure = False
    try:
        with torch.no_grad():
            apply(model, sensitivity)
            pairs = zip(guard.weights, saved, strict=True)
            square = sum(
                float((one.parameter.double() - old.double()).square().sum())
                for one, old in pairs
            )
        yield square**0.5
    finally:
        for one, old in zip(guard.weights, saved, strict=True):
            one.parameter.data.copy_(old)
        guard.verify(guard.weights)


def make_change(
    operation: Operation, scale: float, seed: int, stds: Mapping[str, float]
) -> Callable[[Weight, torch.Tensor], torch.Tensor]:
    """W ← −w, (1 + s)w, 0, w + sσε with σ the tensor's, or rounded to int8, int4.

    The step of rounding is the tensor's largest magnitude over 127 or 7, times s.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)

    def change(weight: Weight, w: torch.Tensor) -> torch.Tensor:
        if operation == "sign_flip":
            return -w
        if operation == "zero":
            return torch.zeros_like(w)
        if operation == "scale":
            return w * (1 + scale)
        if operation == "gaussian":
            noise = torch.randn(w.shape, generator=generator).to(w)
            return w + scale * stds[weight.path] * noise
        levels = 127 if operation == "int8" else 7
        step = float(weight.parameter.detach().abs().max()) * scale / levels
        return (w / step).round().clamp(-levels, levels) * step if step else w

    return change


def make_random_step(
    norm: float, n: int, seed: int
) -> Callable[[Weight, torch.Tensor], torch.Tensor]:
    """A random direction over n weights, of the given norm in expectation."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def change(_: Weight, w: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(w.shape, generator=generator).to(w)
        moved: torch.Tensor = w + norm / n**0.5 * noise
        return moved

    return change
