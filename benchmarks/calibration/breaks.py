"""How often does a quiet series break, and how near are breaks that are there?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.table import Rate
from pipeline.analysis import find_breaks
from pipeline.analysis.quiet_runs import KINDS, STRIDE, quiet_run

N_SERIES, _N_BROKEN = 300, 300
# No setting was chosen by a look at these seeds.
_FIRST_SEED = 20_000
_STEPS = 150
# Series of one run share noise in half of the kinds: so few of each run are taken.
_OF_A_RUN = 2
_SIZES = (2.0, 3.0, 5.0)
_KINDS = ("level", "slope")

TITLE = "Breaks of one series"
INTRO = (
    f"Quiet series of {_STEPS} checkpoints, kind by kind, {_OF_A_RUN} of each run, "
    "with a break at q ≤ 5 %, each series asked alone; seeds from "
    f"{_FIRST_SEED:,}. Then one step of 2, 3 or 5 σ in white noise, and one corner "
    "whose lines part by 10 σ at the end, at a place of the middle three fifths: "
    "exactly one break of that kind, and, of those, the share whose interval ci_low to "
    "ci_high holds the truth."
)


def measure(n_series: int = N_SERIES) -> list[Rate]:
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        hits = dict(
            zip(KINDS, pool.map(_hits, KINDS, [n_series] * len(KINDS)), strict=True)
        )
    pooled = Rate("all kinds", "≤ 5 %", n_series * len(hits), sum(hits.values()))
    rates = [Rate(kind, "≤ 8 %", n_series, n) for kind, n in hits.items()]
    planted = [_planted("level", size) for size in _SIZES] + [_planted("slope", 10.0)]
    return [pooled, *rates, *(rate for two in planted for rate in two)]


def _hits(kind: str, n_series: int) -> int:
    """Series with a break, of `n_series`; those that are untestable have none."""
    steps = STRIDE * np.arange(1, _STEPS + 1)
    is_change = kind.startswith("change, ")
    n = 0
    for seed in range(_FIRST_SEED, _FIRST_SEED + n_series // _OF_A_RUN):
        run = quiet_run(kind, seed, n_tensors=_OF_A_RUN, n_steps=_STEPS)
        n += sum(bool(find_breaks(steps, row, is_change=is_change)) for row in run.T)
    return n


def _planted(kind: str, size: float) -> tuple[Rate, Rate]:
    """Whether one break is found as what it is; whether its interval holds the truth.

    A corner whose slope is found as a change of level counts as not found.
    """
    found, inside = 0, 0
    for seed in range(_FIRST_SEED, _FIRST_SEED + _N_BROKEN):
        rng = np.random.default_rng([seed, _KINDS.index(kind)])
        place = int(rng.integers(_STEPS // 5, 4 * _STEPS // 5))
        values = rng.standard_normal(_STEPS) + size * _shape(kind, place)
        breaks = find_breaks(range(_STEPS), values)
        alike = [each for each in breaks if each.kind == kind]
        found += len(alike) == 1
        inside += len(alike) == 1 and alike[0].ci_low <= place <= alike[0].ci_high
    words = f"{kind}, {size:g} σ"
    return (
        Rate(f"{words}: found", "no promise", _N_BROKEN, found),
        Rate(f"{words}: interval holds it", "≥ 95 %", max(found, 1), inside),
    )


def _shape(kind: str, place: int) -> NDArray[np.float64]:
    """1 from `place` on, or a line that leaves 0 there and ends at 1."""
    x = np.arange(_STEPS)
    if kind == "level":
        return (x >= place).astype(np.float64)
    return np.maximum(x - place, 0.0) / (_STEPS - 1 - place)
