"""The largest eigenvalue's law: that of spectra, of Tracy and Widom, and its tail."""

import numpy as np
import pytest

from pipeline.metrics.nulls.by_shape import draw_metrics, gather_null
from pipeline.metrics.nulls.largest import (
    LargestLaw,
    draw_largest,
    fit_largest,
    largest_p,
)

# Quantiles of the Tracy–Widom law of order 1 (Bejan 2005, table 2; Ma 2012).
TRACY_WIDOM = {0.05: 0.9793, 0.01: 2.0234}


def share_of(matrix):
    lam = np.linalg.eigvalsh(matrix.T @ matrix)
    return np.log(lam[-1] / lam.sum())


@pytest.mark.parametrize("shape", [(8, 8), (40, 12), (60, 60)])
def test_draws_follow_the_law_of_whole_matrices(shape):
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(0)
    whole = [share_of(rng.standard_normal(shape)) for _ in range(400)]
    assert ks_2samp(draw_largest(*shape, rng), whole).pvalue > 0.01


@pytest.mark.parametrize("level", TRACY_WIDOM)
def test_long_sides_have_the_law_of_tracy_and_widom(level):
    n = 1500
    long = np.sqrt(n - 0.5)
    scale = 2 * long * (2 / long) ** (1 / 3)
    largest = (2 * long) ** 2 + scale * TRACY_WIDOM[level]
    law = fit_largest(draw_largest(n, n, np.random.default_rng(1)), n)
    # With the share's denominator at its mean n², which spreads by a thousandth of it.
    assert largest_p(n * n / largest, law, 0.0) == pytest.approx(level, rel=0.2)


@pytest.mark.parametrize("shape", [(64, 64), (512, 8)])
def test_the_tail_holds_far_beyond_the_draws_it_is_fitted_to(shape):
    rng = np.random.default_rng(2)
    law = fit_largest(draw_largest(*shape, rng), shape[1])
    many = draw_largest(*shape, rng, n_draws=100_000)
    for level in (1e-2, 1e-3, 1e-4):
        value = many[int(many.size * (1 - level))]
        assert level / 2 < largest_p(np.exp(-value), law, 0.0) < 2 * level


def test_heavier_entries_need_a_larger_eigenvalue():
    law = LargestLaw(-3.0, 0.05, 0.3)
    at = np.exp(2.9)
    p = [largest_p(at, law, kurtosis) for kurtosis in (-1.2, None, 0.0, 1.0)]
    assert p[0] == p[1] == p[2] < p[3]


def test_one_planted_direction_among_a_hundred_matrices_is_found():
    """A spike at twice the threshold, which ranks among 200 draws cannot show."""
    rng, side = np.random.default_rng(3), 64
    null = gather_null((side, side), [draw_metrics((side, side), i) for i in range(20)])
    u, v = (x / np.linalg.norm(x) for x in rng.standard_normal((2, side)))
    size = 2 * np.sqrt(side)
    found = [
        largest_p(
            np.exp(-share_of(rng.standard_normal((side, side)) + s * np.outer(u, v))),
            null.largest,
            0.0,
        )
        for s in [size] * 40 + [0.0] * 100
    ]
    assert np.mean(np.array(found[:40]) < 0.01 / 100) > 0.9
    assert np.mean(np.array(found[40:]) < 0.01) < 0.05
