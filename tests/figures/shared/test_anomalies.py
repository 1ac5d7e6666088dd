import numpy as np
import pytest

from pipeline.figures.shared.anomalies import stand_apart


def test_one_far_value_stands_apart():
    values = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 1000, np.nan, np.inf])
    assert np.flatnonzero(stand_apart(values)).tolist() == [9]
    assert np.flatnonzero(stand_apart(-values[:10])).tolist() == [9]


def test_growth_by_factors_is_compared_by_factors():
    assert not stand_apart(2.0 ** np.arange(12)).any()
    assert stand_apart(np.append(2.0 ** np.arange(12), 1e30)).tolist()[-1]


@pytest.mark.parametrize("values", [[1.0] * 20, [1.0] * 19 + [5], [9.0, 1, 1], []])
def test_too_few_or_equal_values_have_no_odd_one(values):
    assert not stand_apart(np.array(values, float)).any()


@pytest.mark.parametrize("n", [8, 12, 30, 96])
def test_noise_is_hardly_ever_marked(n):
    """One column in a thousand by design; more than one in a hundred would be wrong."""
    generator = np.random.default_rng(n)
    marked = sum(stand_apart(generator.standard_normal(n)).any() for _ in range(1000))
    assert marked < 10


def test_scale_and_sign_do_not_matter():
    values = np.random.default_rng(0).standard_normal(20)
    values[3] = 60
    for factor in (1e-6, 1e6, -1.0):
        assert np.flatnonzero(stand_apart(values * factor)).tolist() == [3]
