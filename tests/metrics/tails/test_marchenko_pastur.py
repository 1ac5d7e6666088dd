"""Bulk and spikes: noise has none, planted ones are counted, at any scale."""

import numpy as np
import pytest
from scipy import integrate

from pipeline.metrics.tails.marchenko_pastur import fit_bulk, median

SHAPES = [(32, 8), (64, 64), (100, 80), (200, 50), (400, 30), (2000, 16)]


def eigenvalues(matrix):
    return np.linalg.svd(matrix, compute_uv=False) ** 2


@pytest.mark.parametrize("aspect", [1.0, 0.7, 0.25, 0.01])
def test_half_of_the_law_lies_below_its_median(aspect):
    low, high = (1 - np.sqrt(aspect)) ** 2, (1 + np.sqrt(aspect)) ** 2

    def density(x):
        return np.sqrt((high - x) * (x - low)) / (2 * np.pi * aspect * x)

    mass, _ = integrate.quad(density, median(aspect), high)
    assert mass == pytest.approx(0.5, abs=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_noise_shows_a_spike_in_one_matrix_of_a_hundred_at_most(shape):
    rng = np.random.default_rng(0)
    n_false = sum(
        fit_bulk(eigenvalues(rng.standard_normal(shape)), *shape).n_spikes > 0
        for _ in range(300)
    )
    assert n_false <= 8  # 3 expected; more than 8 has p = 0.004


@pytest.mark.parametrize("n_spikes", [1, 3, 10])
def test_planted_directions_are_counted(n_spikes):
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((400, 150)) * 0.02
    left = np.linalg.qr(rng.standard_normal((400, n_spikes)))[0]
    right = np.linalg.qr(rng.standard_normal((150, n_spikes)))[0]
    # Twice the strength (NM)^¼·s from which a direction leaves the bulk at all.
    strength = 2 * 0.02 * (400 * 150) ** 0.25
    bulk = fit_bulk(eigenvalues(noise + strength * left @ right.T), 400, 150)
    assert bulk.n_spikes == n_spikes
    assert bulk.sigma == pytest.approx(0.02, rel=0.03)
    assert bulk.fraction == 1 - n_spikes / 150


@pytest.mark.parametrize("is_turned", [False, True])
def test_spikes_of_a_covariance_are_counted_and_lie_where_they_must(is_turned):
    """Baik & Silverstein 2006: ℓ > 1 + √γ shows at N·ℓ·(1 + γ / (ℓ − 1))."""
    n, m, spikes = 800, 200, [9.0, 6.0, 4.0]
    gamma = m / n
    population = np.append(spikes, np.ones(m - len(spikes)))
    w = np.random.default_rng(3).standard_normal((n, m)) * np.sqrt(population)
    lam = eigenvalues(w.T if is_turned else w)
    assert fit_bulk(lam, n, m).n_spikes == len(spikes)
    expected = [n * spike * (1 + gamma / (spike - 1)) for spike in spikes]
    assert lam[: len(spikes)] == pytest.approx(expected, rel=0.15)
    # Below the threshold of 1.5 a spike of the covariance leaves no trace.
    population[: len(spikes)] = 1.3
    w = np.random.default_rng(4).standard_normal((n, m)) * np.sqrt(population)
    assert fit_bulk(eigenvalues(w), n, m).n_spikes == 0


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_only_sigma_and_edge_follow_the_scale(scale):
    lam = eigenvalues(np.random.default_rng(2).standard_normal((60, 40)))
    one, scaled = fit_bulk(lam, 60, 40), fit_bulk(lam * scale**2, 60, 40)
    assert scaled.sigma == pytest.approx(one.sigma * scale)
    assert scaled.edge == pytest.approx(one.edge * scale**2)
    assert scaled.softrank == pytest.approx(one.softrank)
    assert scaled.n_spikes == one.n_spikes


def test_a_matrix_of_less_than_half_rank_has_no_bulk():
    lam = np.zeros(20)
    lam[:5] = 1
    assert fit_bulk(lam, 30, 20) is None
