"""Noise spectra drawn without a matrix: LAPACK's eigenvalues, the matrix's law."""

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import eigvalsh_tridiagonal

from pipeline.metrics.nulls.noise import draw_noise, solve_tridiagonals


@pytest.mark.parametrize("n", [1, 2, 3, 50, 400])
@pytest.mark.parametrize("kind", ["chi", "graded", "split"])
def test_the_solver_agrees_with_lapack(n, kind):
    rng = np.random.default_rng(n)
    d, e2 = rng.chisquare(n, n), rng.chisquare(n, n - 1) ** 2
    if kind == "graded":
        grade = np.geomspace(1, 1e-12, n)
        d, e2 = d * grade, e2 * grade[:-1] * grade[1:]
    if kind == "split":
        e2[::3] = 0
    expected = eigvalsh_tridiagonal(d, np.sqrt(e2)) if n > 1 else d
    found = np.empty(n)
    assert solve_tridiagonals(d.copy(), e2, found)
    assert np.sort(found) == pytest.approx(expected, abs=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("shape", [(30, 30), (200, 25), (12, 1)])
def test_draws_have_the_law_of_a_normal_matrix(shape):
    rng = np.random.default_rng(0)
    drawn = np.array([draw_noise(*shape, rng) for _ in range(400)])
    made = np.array(
        [
            np.linalg.svd(rng.standard_normal(shape), compute_uv=False)
            for _ in range(400)
        ]
    )
    for statistic in (lambda s: s[:, 0], lambda s: s[:, -1], lambda s: s.sum(axis=1)):
        assert stats.ks_2samp(statistic(drawn), statistic(made)).pvalue > 1e-3
    assert (np.diff(drawn) <= 0).all()
