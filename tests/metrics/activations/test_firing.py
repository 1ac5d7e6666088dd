"""Are rates bounded as Wilson says, and are few tokens no proof of death?"""

import numpy as np
import pytest

from pipeline.metrics.activations.firing import (
    active_octave,
    is_always_on,
    is_dead,
    wilson,
)


def test_bounds_equal_those_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="the reference of the interval")
    for hits, n in ((0, 10), (3, 17), (50, 50), (999, 1000)):
        interval = stats.binomtest(hits, n).proportion_ci(method="wilson")
        low, high = wilson(np.array([hits]), np.array([float(n)]))
        assert low[0] == pytest.approx(interval.low, abs=1e-12)
        assert high[0] == pytest.approx(interval.high, abs=1e-12)


def test_few_tokens_are_no_proof():
    n = np.array([20.0, 5000.0])
    low, high = wilson(np.array([0, 0]), n)
    assert is_dead(high).tolist() == [False, True]
    low, high = wilson(np.array([20, 5000]), n)
    assert is_always_on(low).tolist() == [False, True]
    assert np.isnan(wilson(np.array([0]), np.array([0.0]))[1][0])


@pytest.mark.parametrize(("rms", "k"), [(100.0, 0), (1.0, -7), (0.0, -24), (1e9, 15)])
def test_the_threshold_is_a_power_of_two_at_or_below_one_percent(rms, k):
    assert active_octave(rms) == k
