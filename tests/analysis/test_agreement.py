"""Is the chance that breaks meet the one that dice would give?"""

from math import comb

import numpy as np
import pytest

from pipeline.analysis.agreement import binomial_tail, chance_of_meeting


def test_the_tail_of_a_binomial_by_its_sum():
    by_hand = sum(comb(12, k) * 0.2**k * 0.8 ** (12 - k) for k in range(5, 13))
    assert binomial_tail(5, 12, 0.2) == pytest.approx(by_hand)
    assert binomial_tail(0, 12, 0.2) == 1.0
    assert binomial_tail(3, 12, 0.0) == 0.0
    assert binomial_tail(12, 12, 1.0) == 1.0


def test_three_of_three_at_one_of_twenty_places():
    # A break each, anywhere: (1/20)³ for one place, and twenty places to meet at.
    assert chance_of_meeting(3, 3, 3, width=1, n_places=20) == pytest.approx(20 / 20**3)


@pytest.mark.parametrize("width", [1, 3])
def test_series_that_break_where_they_like_meet_as_seldom_as_it_says(width):
    rng, n_series, n_places = np.random.default_rng(4), 20, 40
    places = rng.integers(0, n_places, (2000, n_series))
    counts = np.array(
        [
            (np.abs(places - centre) <= width // 2).sum(axis=1)
            for centre in range(n_places)
        ]
    ).max(axis=0)
    for n_agree in range(3, 9):
        claimed = chance_of_meeting(
            n_agree, n_series, n_series, width=width, n_places=n_places
        )
        assert (counts >= n_agree).mean() <= claimed + 0.01
