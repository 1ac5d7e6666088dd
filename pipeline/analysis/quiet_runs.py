"""What does a training run look like to which nothing happened? Seeded, kind by kind.

The series hold noise of many kinds, alone or half shared by all tensors; smooth trends;
spreads that fall or rise; sizes of change under the usual schedules. A detector should
find no break in them: the calibration and the tests count how often one does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Generator = np.random.Generator

STRIDE = 1000
_FOLD = 20.0


def white(n: int, rng: Generator) -> Floats:
    return rng.standard_normal(n)


def student(n: int, rng: Generator) -> Floats:
    """Student t with 3 degrees of freedom, of variance 1."""
    return rng.standard_t(3, n) / np.sqrt(3.0)


def memory(rho: float) -> Callable[[int, Generator], Floats]:
    """A stationary AR(1) process of variance 1."""

    def draw(n: int, rng: Generator) -> Floats:
        values = rng.standard_normal(n)
        for i in range(1, n):
            values[i] = rho * values[i - 1] + np.sqrt(1.0 - rho**2) * values[i]
        return values

    return draw


def walk(n: int, rng: Generator) -> Floats:
    """A random walk, of variance 1 on average."""
    return np.cumsum(rng.standard_normal(n)) / np.sqrt(n / 2)


def fading(n: int, rng: Generator) -> Floats:
    """White noise whose deviation falls 20-fold, evenly on the log scale."""
    return rng.standard_normal(n) * _FOLD ** -np.linspace(0.0, 1.0, n)


def growing(n: int, rng: Generator) -> Floats:
    """White noise whose deviation rises 20-fold."""
    return fading(n, rng)[::-1]


_NOISES: Final = {
    "white": white,
    "t3": student,
    "AR .5": memory(0.5),
    "AR .9": memory(0.9),
    "random walk": walk,
    "spread falling": fading,
    "spread rising": growing,
}
_TRENDS: Final[dict[str, Callable[[Floats], Floats]]] = {
    "linear": lambda x: x,
    "√t": np.sqrt,
    "exponential": lambda x: 1.0 - np.exp(-5.0 * x),
}
_NOISE_SHARES: Final = (0.002, 0.02, 0.1)
# Learning rate by the share of training that is done, from above 0 to 1.
_SCHEDULES: Final[dict[str, Callable[[Floats], Floats]]] = {
    "constant": np.ones_like,
    "cosine": lambda x: 0.5 * (1.0 + np.cos(np.pi * x)),
    "linear": lambda x: 1.0 - x,
    "inverse √": lambda x: np.minimum(x / 0.05, np.sqrt(0.05 / x)),
    "warm-up": lambda x: np.minimum(x / 0.1, 1.0),
    "warm-up and cosine": lambda x: (
        np.minimum(x / 0.1, 1.0) * 0.5 * (1.0 + np.cos(np.pi * np.maximum(x, 0.1)))
    ),
}

KINDS: Final = (
    *_NOISES,
    *(f"{name}, half shared" for name in _NOISES),
    *(f"white beside shared {name}" for name in ("t3", "AR .9", "random walk")),
    *(
        f"{name} trend, {share:.1%} noise"
        for name in _TRENDS
        for share in _NOISE_SHARES
    ),
    *(f"change, {name}" for name in _SCHEDULES),
    *(f"change, {name}, noise half shared" for name in _SCHEDULES),
)


def quiet_run(
    kind: str, seed: int, *, n_tensors: int = 20, n_steps: int = 150
) -> Floats:
    """Values by step and tensor of one of KINDS."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    if kind.startswith("change, "):
        return _changes(kind, (n_steps, n_tensors), rng)
    if " trend, " in kind:
        return _trends(kind, (n_steps, n_tensors), rng)
    name, _, rest = kind.partition(", ")
    beside = "white beside shared "
    shared = _NOISES[name.removeprefix(beside)]
    own = _NOISES["white" if name.startswith(beside) else name]
    share = 0.5 if rest or name.startswith(beside) else 0.0
    values = np.stack([own(n_steps, rng) for _ in range(n_tensors)], axis=1)
    common = shared(n_steps, rng)[:, None]
    return np.sqrt(1.0 - share) * values + np.sqrt(share) * common


def quiet_frame(kind: str, seed: int, **size: int) -> pl.DataFrame:
    """The same as `find_run_events` takes it."""
    metric = "relative_change" if kind.startswith("change, ") else "std"
    return as_frame(quiet_run(kind, seed, **size), metric)


def as_frame(values: Floats, metric: str, model: str = "run") -> pl.DataFrame:
    """A long frame of values by step and tensor, a checkpoint every STRIDE steps."""
    n_steps, n_tensors = values.shape
    return pl.DataFrame(
        {
            "model": model,
            "metric": metric,
            "tensor": np.repeat([f"h.{i:02d}" for i in range(n_tensors)], n_steps),
            "step": np.tile(STRIDE * np.arange(1, n_steps + 1), n_tensors),
            "value": values.T.ravel(),
        }
    )


def _trends(kind: str, shape: tuple[int, int], rng: Generator) -> Floats:
    """One shape, each tensor its own rise, with noise by its share of the rise."""
    name, _, rest = kind.partition(" trend, ")
    share = float(rest.removesuffix("% noise")) / 100.0
    x = np.linspace(0.0, 1.0, shape[0])[:, None]
    rise = rng.choice([-1.0, 1.0], shape[1]) * rng.uniform(0.5, 2.0, shape[1])
    return rise * (_TRENDS[name](x) + share * rng.standard_normal(shape))


def _changes(kind: str, shape: tuple[int, int], rng: Generator) -> Floats:
    """Sizes of change that follow the learning rate, times noise of 3 to 12 %."""
    name = kind.split(", ")[1]
    x = (np.arange(shape[0]) + 0.5)[:, None] / shape[0]
    noise = rng.standard_normal(shape)
    if kind.endswith("noise half shared"):
        noise = np.sqrt(0.5) * (noise + rng.standard_normal((shape[0], 1)))
    size = rng.uniform(0.03, 0.12, shape[1])
    level = rng.uniform(-6.0, -3.0, shape[1])
    return _SCHEDULES[name](x) * np.exp(level + size * noise)
