"""Is a matrix of independent entries called noise, and one with a needle structured?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.table import Rate
from pipeline.metrics.nulls.by_shape import (
    NULL_METRICS,
    SEED,
    Null,
    compare_with_null,
    gather_null,
)
from pipeline.metrics.nulls.largest import draw_largest
from pipeline.metrics.nulls.noise import draw_noise
from pipeline.metrics.spectra.spectrum import shape_metrics
from pipeline.metrics.tails.marchenko_pastur import fit_bulk
from pipeline.row import Row

TITLE = "Noise"
INTRO = (
    "`noise_p` of family spectra at 1 %, over shapes 64×64, 128×64, 256×128 and 16×8; "
    "power at 1 % for a planted rank-1 spike at 1.2, 1.5 and 2 times the size from "
    "which λ₁ leaves the bulk, as a share of the ideal test's: λ₁ itself, by the "
    "quantile of 100,000 draws at the same level. One among 100: at 1 % / 100. "
    "Spikes: matrices of independent entries with `n_spikes` > 0."
)

Floats = NDArray[np.float64]
_SHAPES = ((64, 64), (128, 64), (256, 128), (16, 8))
_N, _N_POWER = 150, 100
_LAWS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Floats]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "truncated normal": lambda rng, shape: np.clip(rng.standard_normal(shape), -2, 2),
    "Student t of 9": lambda rng, shape: rng.standard_t(9, shape),
    "20 % zeros": lambda rng, shape: (
        rng.standard_normal(shape) * (rng.random(shape) < 0.8)
    ),
    "Student t of 3": lambda rng, shape: rng.standard_t(3, shape),
    "90 % zeros": lambda rng, shape: (
        rng.standard_normal(shape) * (rng.random(shape) < 0.1)
    ),
}


def measure() -> list[Rate]:
    rng = np.random.default_rng(20_261)
    nulls = {shape: _null(shape) for shape in _SHAPES}
    rates = []
    for name, draw in _LAWS.items():
        rows = [
            describe(draw(rng, shape), nulls[shape])
            for shape in _SHAPES
            for _ in range(_N)
        ]
        p = [row["noise_p"] for row in rows if "noise_p" in row]
        if p:
            n_false = sum(each <= 0.01 for each in p)
            rates.append(Rate(f"{name}: not noise", "≤ 1 %", len(p), n_false))
        spikes = [row["n_spikes"] for row in rows if row["n_spikes"] is not None]
        if spikes:
            n_false = sum(each > 0 for each in spikes)
            rates.append(Rate(f"{name}: a spike", "≤ 1 %", len(spikes), n_false))
    for shape in ((64, 64), (512, 64), (256, 256), (512, 512)):
        rates += _power(shape, rng)
    return rates


def describe(matrix: Floats, null: Null) -> Row:
    """What family spectra says of a matrix, from its eigenvalues."""
    from scipy.stats import kurtosis

    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    lam = np.linalg.eigvalsh(tall.T @ tall)[::-1]
    sigma = np.sqrt(np.maximum(lam, 0.0))
    row = _shape_of_spectrum(sigma, tall.shape)
    excess = float(kurtosis(matrix.ravel()))
    if excess > 1.25:
        row["n_spikes"] = None
    return row | compare_with_null(row, null, excess)


def _power(shape: tuple[int, int], rng: np.random.Generator) -> list[Rate]:
    """Hits of ours where the ideal test hits, so that the share is its power's."""
    null = _null(shape)
    n = max(10, _N_POWER * 64 // shape[1])
    many = draw_largest(*shape, rng, n_draws=100_000)
    rates = []
    for factor in (1.2, 1.5, 2.0):
        rows = []
        for _ in range(n):
            u, v = (x / np.linalg.norm(x) for x in map(rng.standard_normal, shape))
            size = factor * (shape[0] * shape[1]) ** 0.25
            planted = rng.standard_normal(shape) + size * np.outer(u, v)
            rows.append(describe(planted, null))
        shares = np.array([-np.log(row["stable_rank"]) for row in rows])
        p = np.array([row["noise_p"] for row in rows])
        for level, words in ((0.01, "alone"), (1e-4, "one among 100")):
            ideal = shares > np.quantile(many, 1 - level)
            if ideal.sum() >= 10:
                case = f"{shape[0]}×{shape[1]}, {factor} × threshold, {words}"
                hits = int((p <= level).sum())
                rates.append(
                    Rate(
                        case,
                        "≥ 90 % of ideal",
                        int(ideal.sum()),
                        min(hits, int(ideal.sum())),
                    )
                )
    return rates


def _null(shape: tuple[int, int]) -> Null:
    rng = np.random.default_rng([SEED, *shape])
    drawn = [_shape_of_spectrum(draw_noise(*shape, rng), shape) for _ in range(200)]
    return gather_null(shape, drawn)


def _shape_of_spectrum(sigma: Floats, shape: tuple[int, ...]) -> Row:
    """What the verdict rests on, without the dear fits of tails."""
    bulk = fit_bulk((sigma / sigma[0]) ** 2, max(shape), min(shape))
    fitted: Row = {"n_spikes": None}
    if bulk is not None:
        fitted = {"n_spikes": bulk.n_spikes, "mp_softrank": bulk.softrank}
    return dict.fromkeys(NULL_METRICS) | shape_metrics(sigma) | fitted
