"""Which series have breaks that we know of? Noise, steps and breaks, by a seed.

The series that detectors are tried on, in the tests and in the benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Planted = Literal["none", "trend", "curve", "level", "slope", "variance"]
Noise = Literal["normal", "student", "memory"]
Grid = Literal["even", "log", "missing"]

# The least points between two planted breaks, as a share of the series.
_APART = 0.15


@dataclass(frozen=True)
class Synthetic:
    """A series and the steps at which its planted segments begin."""

    steps: NDArray[np.int64]
    values: Floats
    breaks: tuple[int, ...]


def make_series(
    planted: Planted,
    n: int,
    *,
    noise: Noise = "normal",
    grid: Grid = "even",
    n_breaks: int = 1,
    seed: int = 0,
) -> Synthetic:
    """A series of n points, its noise of standard deviation 1 (√3 for Student t).

    `level` breaks are 3 to 8 high, `slope` breaks part by 6 to 16 over a segment,
    `variance` breaks change the standard deviation 3- to 6-fold. `trend` is one line,
    `curve` a saturating one: neither breaks.
    """
    rng = np.random.default_rng(seed)
    steps = make_steps(n, grid, rng)
    places = (
        _places(n, n_breaks, rng)
        if planted in {"level", "slope", "variance"}
        else np.zeros(0, np.int64)
    )
    size = np.ones(n)
    values = np.zeros(n)
    signs = rng.choice([-1.0, 1.0], places.size)
    if planted == "level":
        for place, sign in zip(places, signs, strict=True):
            values[place:] += sign * rng.uniform(3, 8)
    elif planted == "slope":
        values = _bent(steps, places, signs, rng)
    elif planted == "variance":
        for i, place in enumerate(places):
            factor = rng.uniform(3, 6)
            size[place:] *= factor if i % 2 == 0 else 1 / factor
    elif planted != "none":
        share = (steps - steps[0]) / (steps[-1] - steps[0])
        rise = rng.uniform(5, 50)
        values = rise * (share if planted == "trend" else 1 - np.exp(-3 * share))
    values = values + size * make_noise(n, noise, rng)
    return Synthetic(steps, values, tuple(steps[places].tolist()))


def make_steps(n: int, grid: Grid, rng: np.random.Generator) -> NDArray[np.int64]:
    """`even`: every 1,000; `log`: 0, 1, 2, 4, …, then even; `missing`: a fifth gone."""
    if grid == "even":
        return np.arange(n) * 1000
    if grid == "log":
        early = [0, *(2**k for k in range(10))][: n // 3]
        return np.array([*early, *(1000 * np.arange(1, n - len(early) + 1))])
    whole = np.arange(int(np.ceil(n / 0.8))) * 1000
    return np.sort(rng.choice(whole, n, replace=False))


def make_noise(n: int, noise: Noise, rng: np.random.Generator) -> Floats:
    """White normal; Student t of 3 degrees; or AR(1) with ρ = 0.3, of variance 1."""
    if noise == "normal":
        return rng.standard_normal(n)
    if noise == "student":
        return rng.standard_t(3, n)
    rho = 0.3
    values = rng.standard_normal(n)
    for i in range(1, n):
        values[i] = rho * values[i - 1] + np.sqrt(1 - rho**2) * values[i]
    return values


def _places(n: int, n_breaks: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of first points, each segment `_APART` of the series or longer."""
    least = max(int(_APART * n), 4)
    slack = n - least * (n_breaks + 1)
    cuts = np.sort(rng.integers(0, max(slack, 0) + 1, n_breaks))
    return np.asarray(cuts + least * np.arange(1, n_breaks + 1), np.int64)


def _bent(
    steps: NDArray[np.int64],
    places: NDArray[np.int64],
    signs: Floats,
    rng: np.random.Generator,
) -> Floats:
    """A continuous line whose slope changes at each place."""
    x = steps.astype(np.float64)
    values = rng.uniform(-5, 5) * (x - x[0]) / (x[-1] - x[0])
    ends = np.append(places[1:], x.size) - 1
    for place, end, sign in zip(places, ends, signs, strict=True):
        knot = x[place - 1]
        reach = min(x[end] - knot, knot - x[0])
        values += sign * rng.uniform(6, 16) * np.maximum(x - knot, 0) / reach
    return values
