"""Are the numbers of a summary those of numpy, scipy and a case worked by hand?"""

import numpy as np
import pytest
from scipy import stats

from pipeline.metrics.sensitivity.summary import scale, summarise


def test_a_case_worked_by_hand():
    found = summarise(np.array([[0.0, -1.0], [2.0, 1.0]]))
    assert (found.n_values, found.n_zero, found.n_negative) == (4, 1, 1)
    assert (found.score_sum, found.score_abs_sum) == (2.0, 4.0)
    # |s| ascending 0 1 1 2: Σ(2i − 5)x = -1 + 1 + 6 = 6; over 4 · 4.
    assert found.gini == pytest.approx(6 / 16)
    assert found.top_10_share == found.top_01_share == 0.5
    assert found.octave_counts[:3] == [1, 2, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_are_those_of_scipy(dtype):
    x = np.random.default_rng(0).gamma(2.0, size=5000).astype(dtype)
    found = summarise(x.reshape(50, 100))
    assert found.mean == pytest.approx(x.mean(dtype=np.float64))
    assert found.std == pytest.approx(x.std(dtype=np.float64))
    assert found.skewness == pytest.approx(stats.skew(x.astype(np.float64)), rel=1e-6)
    assert found.kurtosis == pytest.approx(
        stats.kurtosis(x.astype(np.float64)), rel=1e-6
    )
    assert sum(found.octave_counts) == x.size


def test_gini_is_the_mean_difference_of_pairs():
    x = np.random.default_rng(1).exponential(size=300)
    pairs = np.abs(x[:, None] - x).mean() / (2 * x.mean())
    assert summarise(-x).gini == pytest.approx(pairs)


def test_scaling_the_scores_scales_the_summary():
    x = np.random.default_rng(2).normal(size=777)
    a, b = scale(summarise(x), 0.3), summarise(x * 0.3)
    for name in ("score_sum", "std", "max", "gini", "kurtosis", "top_1_share"):
        assert getattr(a, name) == pytest.approx(getattr(b, name))
    assert a.octave_counts == b.octave_counts


def test_nothing_finite_and_nothing_but_zeros():
    nan = summarise(np.full((2, 2), np.nan))
    assert (nan.n_values, nan.n_non_finite, nan.mean) == (0, 4, None)
    zero = summarise(np.zeros(5))
    assert (zero.gini, zero.top_1_share, sum(zero.octave_counts)) == (None, None, 0)
    alike = summarise(np.full(7, 0.1))
    assert (alike.std, alike.skewness) == (0.0, None)
    assert alike.gini == pytest.approx(0, abs=1e-12)
