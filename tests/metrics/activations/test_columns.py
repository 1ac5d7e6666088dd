"""Do sums over blocks equal the statistics of all values at once?"""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.metrics.activations.columns import Columns, count_block
from pipeline.metrics.activations.counting import LOWEST_OCTAVE
from pipeline.metrics.activations.histogram import Spread

scipy_stats = pytest.importorskip("scipy.stats", reason="the reference of moments")


def made_values(n=700, d=70, seed=0):
    """Columns of every kind: shifted far, heavy-tailed, constant, zero, one-sided."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    x[:, 1] = 3000 + rng.standard_normal(n)
    x[:, 2] = rng.standard_cauchy(n)
    x[:, 3] = 0.1
    x[:, 4] = 0
    x[:, 5] = np.maximum(x[:, 5], 0)
    x[0, 6] = 1e4
    return x.astype(np.float32)


def counted(x, cuts, *, n_top=3, order=None, threads=1):
    edges = [0, *cuts, len(x)]
    parts = list(pairwise(edges))
    whole = Columns(x.shape[1], n_top)
    for first, last in parts if order is None else [parts[k] for k in order]:
        block = np.ascontiguousarray(x[first:last])
        tokens = np.arange(first, last)
        whole.merge(count_block(block, tokens, n_top=n_top, threads=threads)[0])
    return whole


@pytest.mark.parametrize("cuts", [[], [1], [64, 65, 300], list(range(50, 700, 50))])
@pytest.mark.parametrize("order", ["forward", "backward"])
def test_moments_equal_those_of_all_tokens(cuts, order):
    x = made_values()
    places = range(len(cuts) + 1)
    whole = counted(x, cuts, order=places if order == "forward" else places[::-1])
    full = x.astype(np.float64)
    moments = whole.moments
    np.testing.assert_array_equal(moments.n, 700)
    np.testing.assert_allclose(moments.mean, full.mean(0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(moments.std, full.std(0), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(moments.rms, np.sqrt((full**2).mean(0)), rtol=1e-12)
    varied = full.std(0) > 1e-9
    np.testing.assert_allclose(
        moments.skewness[varied],
        scipy_stats.skew(full[:, varied]),
        rtol=1e-8,
        atol=1e-10,
    )
    np.testing.assert_allclose(
        moments.kurtosis[varied],
        scipy_stats.kurtosis(full[:, varied]),
        rtol=1e-8,
        atol=1e-10,
    )
    assert np.isnan(moments.skewness[~varied]).all()
    np.testing.assert_array_equal(whole.low, x.min(0))
    np.testing.assert_array_equal(whole.high, x.max(0))
    np.testing.assert_array_equal(whole.n_positive, (x > 0).sum(0))
    np.testing.assert_allclose(whole.sum_abs, np.abs(full).sum(0), rtol=1e-12)
    np.testing.assert_allclose(whole.sum_positive, full.clip(0).sum(0), rtol=1e-12)


def test_all_columns_together_have_the_moments_of_all_values():
    x = made_values()[:, 7:]
    pooled = counted(x, [100, 350]).moments.pooled()
    full = x.astype(np.float64).ravel()
    assert pooled.n[0] == full.size
    assert pooled.mean[0] == pytest.approx(full.mean(), rel=1e-10)
    assert pooled.std[0] == pytest.approx(full.std(), rel=1e-12)
    assert pooled.kurtosis[0] == pytest.approx(scipy_stats.kurtosis(full), rel=1e-8)


def test_the_largest_values_are_kept_with_their_tokens():
    x = made_values(200, 8)
    x[:, 5] = np.tile([3, 1, 2, 3], 50)  # ties: the earlier tokens stay
    for order in ([0, 1, 2], [2, 0, 1]):
        tops = counted(x, [70, 130], n_top=4, order=order).tops
        for j in range(8):
            best = np.lexsort((np.arange(200), -x[:, j]))[:4]
            np.testing.assert_array_equal(tops.tokens[j], best)
            np.testing.assert_array_equal(tops.values[j], x[best, j])


def test_octaves_count_magnitudes():
    x = made_values()
    octaves = counted(x, [100]).octaves
    for k in (-6, -1, 0, 3):
        expected = (np.abs(x) >= 2.0**k).sum(0)
        np.testing.assert_array_equal(octaves[:, k - LOWEST_OCTAVE :].sum(1), expected)


def test_fine_bins_hold_every_value_within_their_width():
    x = made_values()
    fine = counted(x, [300]).fine
    assert fine.sum() == x.size
    spread = Spread.of(fine)
    ordered = np.sort(x.ravel().astype(np.float64))
    guessed = np.repeat(spread.values, spread.counts)
    assert np.all(np.abs(guessed - ordered) <= np.abs(ordered) * 0.0667)


def test_values_that_are_not_finite_are_counted_and_left_out():
    x = made_values(90, 7)
    clean = x[3:].copy()
    x[0, :] = np.nan
    x[1, :] = np.inf
    x[2, :] = -np.inf
    whole, rows = count_block(x, np.arange(90), n_top=2)
    bare, _ = count_block(clean, np.arange(3, 90), n_top=2)
    np.testing.assert_array_equal(whole.n_non_finite, 3)
    np.testing.assert_array_equal(whole.moments.n, 87)
    np.testing.assert_allclose(whole.moments.mean, bare.moments.mean, rtol=1e-12)
    np.testing.assert_allclose(whole.moments.m4, bare.moments.m4, rtol=1e-9)
    np.testing.assert_array_equal(whole.tops.tokens, bare.tops.tokens)
    np.testing.assert_array_equal(rows.squares[:3], 0)
    assert Spread.of(whole.fine).n == 87 * 7


def test_tokens_have_their_own_sums():
    x = made_values(130, 130)
    _, rows = count_block(x, np.arange(130))
    full = x.astype(np.float64)
    np.testing.assert_allclose(rows.squares, (full**2).sum(1), rtol=1e-12)
    np.testing.assert_array_equal(rows.positive, (x > 0).sum(1))
    np.testing.assert_array_equal(rows.largest, np.abs(x).max(1))


def test_threads_share_the_columns_and_change_nothing():
    x = made_values(600, 300)
    one, rows_one = count_block(x, np.arange(600), n_top=3, threads=1)
    two, rows_two = count_block(x, np.arange(600), n_top=3, threads=2)
    for a, b in zip(one.moments.fields, two.moments.fields, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.fine, two.fine)
    np.testing.assert_array_equal(one.tops.tokens, two.tops.tokens)
    np.testing.assert_allclose(rows_one.squares, rows_two.squares, rtol=1e-14)


def test_constant_columns_and_scale():
    """Scaling by a power of two scales every sum exactly and leaves shape measures."""
    x = made_values()[:, 7:]
    a, b = counted(x, [90]), counted(x * np.float32(8), [90])
    np.testing.assert_array_equal(b.moments.mean, 8 * a.moments.mean)
    np.testing.assert_array_equal(b.moments.kurtosis, a.moments.kurtosis)
