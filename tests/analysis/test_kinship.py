"""Kin are told from strangers, and how far apart they are is known."""

from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from pipeline.analysis.kinship import measure_kinship
from pipeline.analysis.sketch_sums import mean_ranks, rank_correlation
from tests.analysis.kin import changed, kinship_of, noise, sketches_of


def test_a_pair_by_hand():
    a = [1.0, -1, 2, -2] * 5
    b = [1.0, -1, 2, 0] * 5
    found = kinship_of([[a], [b]], size=20)
    assert (found.a.tolist(), found.b.tolist(), found.n_tensors.tolist()) == (
        [0],
        [1],
        [1],
    )
    # Σ(b − a)² = 4·5, Σa² + Σb² = 50 + 30.
    assert found.distance[0] == pytest.approx(0.5)
    assert (found.equal[0], found.zeroed[0], found.filled[0]) == (0.75, 0.25, 0)
    # (30 − 50) / 20: the change took away what was there.
    assert found.growth[0] == pytest.approx(-1)
    assert found.identical[0] == 0


def test_ranks_correlate_as_scipy_says():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 9, 80).astype(float)  # with ties
    y = x + rng.normal(size=80)
    expected = stats.spearmanr(x, y).statistic
    assert rank_correlation(mean_ranks(x), mean_ranks(y)) == pytest.approx(expected)
    x[3] = y[7] = np.nan
    assert np.isnan(mean_ranks(x)[3])
    assert rank_correlation(mean_ranks(x), mean_ranks(y)) == pytest.approx(
        expected, abs=0.05
    )


def test_strangers_are_strangers_however_heavy_their_tails():
    rng = np.random.default_rng(0)
    found = kinship_of([list(rng.standard_cauchy((10, 256))) for _ in range(20)])
    assert found.a.size == 190
    assert found.related.max() <= 0.1
    assert (found.related > 0).mean() < 0.02


@pytest.mark.parametrize("by", [1e-4, 0.01, 0.3, 1.0])
def test_the_distance_of_kin(by):
    base = noise(0)
    found = kinship_of([base, changed(base, 1, by)], size=1e4)
    assert found.related[0] == 1
    # ‖d‖² = by²·n and the two squares are n and (1 + by²)·n.
    assert found.distance[0] == pytest.approx(by / np.sqrt(2 + by**2), rel=0.1)


def test_growth_knows_who_was_changed():
    base, size = noise(0, n_tensors=12), 256
    found = kinship_of([base, changed(base, 1, 0.5)], size=size)
    assert found.growth[0] == pytest.approx(1, abs=4 * found.growth_stderr[0])
    turned = kinship_of([changed(base, 1, 0.5), base], size=size)
    assert turned.growth[0] == pytest.approx(-found.growth[0])


def test_scale_and_order_change_nothing():
    base = noise(0)
    zoo = [base, changed(base, 1, 0.1), noise(2)]
    plain = kinship_of(zoo)
    scaled = kinship_of([[1e6 * t for t in one] for one in zoo])
    shuffled = kinship_of([one[::-1] for one in zoo])
    for field in fields(plain):
        column = getattr(plain, field.name)
        assert getattr(scaled, field.name) == pytest.approx(column, nan_ok=True)
        assert getattr(shuffled, field.name) == pytest.approx(column, nan_ok=True)


def test_constant_short_and_missing_tensors_say_nothing():
    ones, few = np.ones(256), np.arange(9.0)
    gaps = np.full(256, np.nan)
    found = kinship_of([[ones, few, gaps, None], [ones, few, gaps, ones]])
    assert found.a.size == 0


def test_values_that_are_not_finite_are_left_out():
    base = noise(0, n_tensors=1)
    holes = base[0].copy()
    holes[::2] = np.inf
    found = kinship_of([base, [holes]])
    assert (found.equal[0], found.distance[0]) == (1, 0)


def test_one_against_all():
    base = noise(0)
    sketches = sketches_of([base, changed(base, 1, 0.1), changed(base, 2, 0.1)])
    found = measure_kinship(sketches, 4, only=1)
    assert list(zip(found.a, found.b, strict=True)) == [(0, 1), (1, 2)]


def test_steps_of_a_run_are_compared_with_their_neighbours():
    base = noise(0)
    zoo = [base, *(changed(base, seed, 0.1) for seed in (1, 2, 3))]
    previous = np.array([-1, 0, 1, -1])
    found = measure_kinship(sketches_of(zoo), 4, previous=previous)
    pairs = list(zip(found.a, found.b, strict=True))
    assert pairs == [(0, 1), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_no_checkpoint_and_one():
    assert kinship_of([]).a.size == 0
    assert kinship_of([noise(0)]).a.size == 0
