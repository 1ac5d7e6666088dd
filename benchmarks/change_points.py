"""Breaks of simulated series: ours beside ruptures' defaults and "no change at all".

Precision, recall and F1 with a margin of five points, as van den Burg & Williams (arXiv
2003.06222) count them: the first point is a break of every series, claimed by all, so
that a series without a break scores 1 when none is claimed. Run from the repository:

    python benchmarks/change_points.py [N_SERIES_OF_EACH_KIND]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import get_args

import numpy as np
import ruptures

from pipeline.analysis import find_breaks
from pipeline.analysis.synthetic import Grid, Noise, Planted, Synthetic, make_series

MARGIN = 5
LENGTHS = (15, 30, 60, 154, 400, 1000)
Detector = Callable[[Synthetic], Sequence[int]]


def ours(series: Synthetic) -> list[int]:
    """Defaults; a lone outlier is no break."""
    found = find_breaks(series.steps, series.values)
    place = {int(step): i for i, step in enumerate(series.steps)}
    return [place[each.step] for each in found if each.kind != "outlier"]


def pelt(series: Synthetic) -> list[int]:
    """Pelt's own defaults (rbf, min_size 2, jump 5); penalty, which has none, BIC."""
    penalty = 2 * np.log(series.values.size)
    return ruptures.Pelt().fit(_scaled(series)).predict(pen=penalty)[:-1]


def binseg(series: Synthetic) -> list[int]:
    """Binseg's own defaults (l2, jump 5), penalty BIC on the standardised series."""
    penalty = 2 * np.log(series.values.size)
    return ruptures.Binseg().fit(_scaled(series)).predict(pen=penalty)[:-1]


def kernel(series: Synthetic) -> list[int]:
    """KernelCPD's own defaults (linear kernel), penalty BIC."""
    penalty = 2 * np.log(series.values.size)
    return ruptures.KernelCPD().fit(_scaled(series)).predict(pen=penalty)[:-1]


def nothing(_: Synthetic) -> list[int]:
    """No change at all."""
    return []


DETECTORS: dict[str, Detector] = {
    "weightlake": ours,
    "Pelt (rbf)": pelt,
    "Binseg (l2)": binseg,
    "KernelCPD (linear)": kernel,
    "no change at all": nothing,
}


def _scaled(series: Synthetic) -> np.ndarray:
    return (series.values - series.values.mean()) / series.values.std()


def score(truth: Sequence[int], claimed: Sequence[int]) -> tuple[float, float, float]:
    """Precision, recall and F1; a true break is met by one claim at most."""
    true, left = [0, *truth], sorted({0, *claimed})
    n_claimed, hits = len(left), 0
    for place in true:
        near = [each for each in left if abs(each - place) <= MARGIN]
        if near:
            left.remove(min(near, key=lambda each: abs(each - place)))
            hits += 1
    precision, recall = hits / n_claimed, hits / len(true)
    return precision, recall, 2 * precision * recall / (precision + recall)


def simulate(planted: Planted, n_series: int) -> list[Synthetic]:
    """Every length, noise and grid in turn; one to three breaks in the longer ones."""
    noises, grids = get_args(Noise), get_args(Grid)
    return [
        make_series(
            planted,
            n := LENGTHS[i % len(LENGTHS)],
            noise=noises[(i // 6) % 3],
            grid=grids[(i // 18) % 3],
            n_breaks=1 if n < 60 else 1 + i % 3,
            seed=1000 * get_args(Planted).index(planted) + i,
        )
        for i in range(n_series)
    ]


def main(n_series: int) -> None:
    """Print one table by detector and kind, and what share of quiet series is cut."""
    kinds = get_args(Planted)
    series = {kind: simulate(kind, n_series) for kind in kinds}
    print(f"F1 (margin {MARGIN}), {n_series} series of each kind")
    print("| detector | " + " | ".join(kinds) + " | precision | recall | F1 | ms |")
    print("|---|" + "---|" * (len(kinds) + 4))
    for name, detect in DETECTORS.items():
        began = perf_counter()
        scores = {
            kind: [_score(detect, each) for each in series[kind]] for kind in kinds
        }
        spent = (perf_counter() - began) / (n_series * len(kinds))
        means = [np.mean([f1 for _, _, f1 in scores[kind]]) for kind in kinds]
        overall = np.mean([each for kind in kinds for each in scores[kind]], axis=0)
        cells = [*means, *overall]
        print(
            f"| {name} | "
            + " | ".join(f"{cell:.3f}" for cell in cells)
            + f" | {1000 * spent:.2f} |"
        )


def _score(detect: Detector, series: Synthetic) -> tuple[float, float, float]:
    place = {int(step): i for i, step in enumerate(series.steps)}
    return score([place[step] for step in series.breaks], detect(series))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 162)
