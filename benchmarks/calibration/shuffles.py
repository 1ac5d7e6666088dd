"""Are heavy-tailed and sparse independent entries noise, against their own shuffles?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.table import Rate
from pipeline.metrics.nulls.by_shape import NULL_METRICS
from pipeline.metrics.nulls.randomised import compare_with_shuffles, n_beyond_shuffles
from pipeline.metrics.spectra.spectrum import shape_metrics
from pipeline.metrics.tails.marchenko_pastur import fit_bulk
from pipeline.metrics.tails.rivals import compare_rivals
from pipeline.row import Row

TITLE = "Shuffles and rival tails"
INTRO = (
    "Independent entries far from normal, 64×48 and 32×32, against 8 shuffles: query "
    "noise's p (four shuffle_p, Bonferroni), and `n_beyond_shuffles` > 0. Then "
    "`lognormal_p` of tails drawn from a power law of exponent 3: its χ² law is that "
    "of long tails."
)

Floats = NDArray[np.float64]
_TESTED = ("stable_rank", "effective_rank", "participation_ratio", "mp_softrank")
_N, _SHUFFLES = 150, 8


def measure() -> list[Rate]:
    rng = np.random.default_rng(11)
    rates = []
    for name, draw in (
        ("Student t of 3", lambda shape: rng.standard_t(3, shape)),
        ("90 % zeros", lambda s: rng.standard_normal(s) * (rng.random(s) < 0.1)),
    ):
        found = [
            _judge(draw(shape), rng)
            for shape in ((64, 48), (32, 32))
            for _ in range(_N)
        ]
        for level in (0.05, 0.01):
            n_false = sum(p <= level for p, _ in found)
            words = f"≤ {level:.0%}".replace("%", " %")
            rates.append(Rate(f"{name}: not noise", words, len(found), n_false))
        beyond = sum(n > 0 for _, n in found)
        rates.append(Rate(f"{name}: beyond its shuffles", "≤ 1 %", len(found), beyond))
    for n in (10, 30, 100):
        p = [compare_rivals(np.sort(rng.exponential(0.5, n))) for _ in range(400)]
        n_false = sum(each.lognormal_p <= 0.1 for each in p)
        rates.append(Rate(f"power law, n_tail {n}: lognormal", "≤ 10 %", 400, n_false))
    return rates


def _judge(matrix: Floats, rng: np.random.Generator) -> tuple[float, int]:
    shuffled = [
        rng.permutation(matrix.ravel()).reshape(matrix.shape) for _ in range(_SHUFFLES)
    ]
    sigma = [np.linalg.svd(each, compute_uv=False) for each in (matrix, *shuffled)]
    rows = [_describe(each, matrix.shape) for each in sigma]
    row = compare_with_shuffles(rows[0], rows[1:])
    p = 4 * min(row[f"{name}_shuffle_p"] for name in _TESTED)
    return min(1.0, p), n_beyond_shuffles(sigma[0], sigma[1:])


def _describe(sigma: Floats, shape: tuple[int, ...]) -> Row:
    bulk = fit_bulk((sigma / sigma[0]) ** 2, max(shape), min(shape))
    row: Row = dict.fromkeys(NULL_METRICS)
    row |= shape_metrics(sigma)
    return row | {"mp_softrank": bulk.softrank if bulk else None}
