"""Is the segmentation the best one? Against ruptures' exact search and brute force."""

from itertools import combinations

import numpy as np
import pytest

from pipeline.analysis.segmentation import segment


def cost_of_lines(x, y, starts):
    total = 0.0
    for lo, hi in zip(starts, [*starts[1:], x.size], strict=True):
        fit = np.polyfit(x[lo:hi], y[lo:hi], 1)
        total += ((y[lo:hi] - np.polyval(fit, x[lo:hi])) ** 2).sum()
    return total


def cost_of_levels(y, starts):
    bounds = zip(starts, [*starts[1:], y.size], strict=True)
    return sum(((y[lo:hi] - y[lo:hi].mean()) ** 2).sum() for lo, hi in bounds)


@pytest.mark.parametrize("seed", range(5))
def test_no_segmentation_is_better(seed):
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.1, 2, 14))
    y = rng.standard_normal(14) + 3 * (np.arange(14) >= 6)
    levels, level_cost, lines, line_cost = segment(x, y, (2.0, 3.0), (2, 3))
    every = [
        [0, *cuts]
        for k in range(4)
        for cuts in combinations(range(2, 13), k)
        if min(np.diff([0, *cuts, 14])) >= 2
    ]
    best = min(cost_of_levels(y, cuts) + 2.0 * len(cuts) for cuts in every)
    assert level_cost == pytest.approx(
        min(best, cost_of_levels(y, levels.tolist()) + 2.0 * levels.size)
    )
    assert level_cost <= best + 1e-9
    long = [cuts for cuts in every if min(np.diff([*cuts, 14])) >= 3]
    best = min(cost_of_lines(x, y, cuts) + 3.0 * len(cuts) for cuts in long)
    assert line_cost <= best + 1e-9
    assert line_cost == pytest.approx(
        cost_of_lines(x, y, lines.tolist()) + 3.0 * lines.size
    )


def test_the_objective_of_an_independent_search():
    # ruptures.KernelCPD(kernel="linear", min_size=2).fit(y).predict(pen=10) of this
    # series, version 1.1.10, ends its segments at these places.
    y = np.random.default_rng(7).standard_normal(50) + 4 * (np.arange(50) // 20 % 2)
    starts, cost, _, _ = segment(np.arange(50.0), y, (10.0, np.inf), (2, 51))
    assert starts.tolist() == [0, 20, 40]
    assert cost == pytest.approx(cost_of_levels(y, [0, 20, 40]) + 30)
