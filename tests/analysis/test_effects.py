"""Effect sizes: by hand, against scipy, and their intervals against simulation."""

import numpy as np
import pytest
from scipy import stats

from pipeline.analysis.effects import compare_samples


def test_by_hand():
    found = compare_samples([1, 2, 3], [3, 4, 8])
    # Means 2 and 5, variances 1 and 7, pooled 4; J = Γ(2)/(√2·Γ(3/2)).
    correction = 1 / (np.sqrt(2) * np.sqrt(np.pi) / 2)
    g = correction * 3 / 2
    error = np.sqrt(6 / 9 + g**2 / 12)
    assert found.hedges_g == pytest.approx(
        (g, g - 1.96 * error, g + 1.96 * error), rel=1e-4
    )
    # Of nine pairs eight rise and one is equal.
    assert found.cliffs_delta[0] == pytest.approx(8 / 9)
    assert (found.n_a, found.n_b, found.mean_a, found.mean_b) == (3, 3, 2, 5)


@pytest.mark.parametrize("seed", range(4))
def test_the_test_is_scipys_and_delta_its_statistic(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 9, 12), rng.integers(1, 10, 7)
    found = compare_samples(a, b)
    expected = stats.mannwhitneyu(b, a)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.cliffs_delta[0] == pytest.approx(2 * expected.statistic / 84 - 1)


@pytest.mark.parametrize("sizes", [(5, 7), (12, 30)])
def test_g_is_that_of_statsmodels_but_for_its_approximate_correction(sizes):
    from statsmodels.stats.meta_analysis import effectsize_smd

    rng = np.random.default_rng(sum(sizes))
    a, b = (rng.normal(i, 1 + i, n) for i, n in enumerate(sizes))
    facts = [f(x) for x in (b, a) for f in (np.mean, lambda x: np.std(x, ddof=1), len)]
    expected, _ = effectsize_smd(*facts)
    assert compare_samples(a, b).hedges_g[0] == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_small_samples_with_ties_have_the_p_of_scipys_permutations(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 6, (2, 5)).astype(float)
    method = stats.PermutationMethod(n_resamples=1000)
    expected = stats.mannwhitneyu(b, a, method=method).pvalue
    assert compare_samples(a, b).p_value == pytest.approx(expected)


def test_turned_round_every_sign_turns():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9))
    one, other = compare_samples(a, b), compare_samples(b, a)
    for name in ("hedges_g", "cliffs_delta"):
        value, low, high = getattr(other, name)
        assert getattr(one, name) == pytest.approx((-value, -high, -low))
    assert one.p_value == pytest.approx(other.p_value)


def test_scale_and_shift_change_nothing():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9))
    one, other = compare_samples(a, b), compare_samples(1e6 * a + 5, 1e6 * b + 5)
    assert one.hedges_g == pytest.approx(other.hedges_g)
    assert one.cliffs_delta == other.cliffs_delta


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_intervals_hold_what_they_promise(shift):
    rng = np.random.default_rng(7)
    true_delta = 2 * stats.norm.cdf(shift / np.sqrt(2)) - 1
    found = [
        compare_samples(rng.normal(size=12), rng.normal(shift, 1, size=12))
        for _ in range(400)
    ]
    holds_g = np.mean([f.hedges_g[1] <= shift <= f.hedges_g[2] for f in found])
    holds_d = np.mean(
        [f.cliffs_delta[1] <= true_delta <= f.cliffs_delta[2] for f in found]
    )
    assert 0.92 <= holds_g <= 0.985
    assert 0.90 <= holds_d <= 0.985


def test_samples_without_overlap_have_an_interval():
    d, low, high = compare_samples(range(12), range(20, 32)).cliffs_delta
    assert (d, high) == (1, 1)
    assert low == pytest.approx((12 - 1.96**2) / (12 + 1.96**2), rel=1e-4)


@pytest.mark.parametrize(
    ("a", "b", "status"),
    [
        ([], [1, 2], "too_small"),
        ([1], [2, 3], "too_small"),
        ([np.nan, 1], [2, 3], "too_small"),
        ([4, 4], [4, 4, 4], "constant"),
    ],
)
def test_what_has_no_effect_says_why(a, b, status):
    found = compare_samples(a, b)
    assert found.status == status
    assert found.hedges_g is found.cliffs_delta is found.p_value is None


def test_two_constants_have_a_delta_and_no_deviations():
    found = compare_samples([1, 1], [2, 2])
    assert (found.status, found.hedges_g) == ("ok", None)
    assert found.cliffs_delta[0] == 1


def test_small_samples_with_ties_have_no_p_below_their_least():
    found = compare_samples([94] * 4, [98] * 4)
    assert found.p_value == pytest.approx(2 / 70)
    tied = ([1, 2, 2, 3, 5], [2, 4, 4, 6])
    ranks = stats.rankdata(tied[0] + tied[1])
    expected = stats.permutation_test(
        (ranks[:5], ranks[5:]),
        lambda a, _: abs(sum(a) - 5 * ranks.mean()),
        alternative="greater",
        n_resamples=10**6,
    )
    assert compare_samples(*tied).p_value == pytest.approx(expected.pvalue)
