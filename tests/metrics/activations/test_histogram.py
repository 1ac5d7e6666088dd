"""Do counted bins answer what the values themselves would?"""

import numpy as np
import pytest

from pipeline.metrics.activations.columns import count_block
from pipeline.metrics.activations.histogram import (
    Spread,
    best_clip,
    compressible_fraction,
    sparsity_curve,
)

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


def spread_of(x):
    x = np.ascontiguousarray(x.reshape(-1, 8), np.float32)
    return Spread.of(count_block(x, np.arange(len(x)))[0].fine)


def draws(law, n=40_000):
    rng = np.random.default_rng(1)
    return {
        "normal": rng.standard_normal(n),
        "laplace": rng.laplace(size=n),
        "relu": np.maximum(rng.standard_normal(n), 0),
    }[law].astype(np.float32)


@pytest.mark.parametrize("law", ["normal", "laplace", "relu"])
def test_quantiles_and_energy_of_the_smallest(law):
    x = draws(law)
    spread, sizes = spread_of(x), np.sort(np.abs(x.astype(np.float64)))
    for share in (0.5, 0.99, 0.999):
        exact = np.quantile(sizes, share, method="inverted_cdf")
        assert spread.magnitudes().quantile(share) == pytest.approx(exact, rel=0.07)
    carried = np.cumsum(sizes**2) / (sizes**2).sum()
    exact = [carried[int(share * len(x)) - 1] for share in SHARES]
    np.testing.assert_allclose(sparsity_curve(spread, SHARES), exact, atol=0.004)
    share = np.searchsorted(carried, 0.01) / len(x)
    assert compressible_fraction(spread) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("law", ["normal", "laplace"])
@pytest.mark.parametrize("bits", [4, 8])
def test_the_cost_of_rounding_is_that_of_rounded_values(law, bits):
    x = draws(law).astype(np.float64)
    clip = best_clip(spread_of(x), float(np.abs(x).max()), bits)
    top = 2 ** (bits - 1) - 1
    for limit, error in (
        (clip.clip, clip.error),
        (np.abs(x).max(), clip.unclipped),
    ):
        step = limit / top
        rounded = np.round(np.clip(x, -limit, limit) / step) * step
        exact = ((x - rounded) ** 2).sum() / (x**2).sum()
        assert error == pytest.approx(exact, rel=0.1)
    assert clip.error <= clip.unclipped


def test_outliers_make_clipping_worth_while():
    x = draws("normal")
    x[0] = 100.0
    clip = best_clip(spread_of(x), 100.0, 4)
    assert clip.clip < 100
    assert clip.error < clip.unclipped / 3


def test_nothing_has_no_quantile():
    empty = Spread.of(np.zeros(4096, np.int64))
    assert empty.quantile(0.5) is None
    assert sparsity_curve(empty, SHARES) is None
    assert compressible_fraction(empty) is None
    zeros = spread_of(np.zeros(64, np.float32))
    assert zeros.quantile(0.5) == 0
    assert best_clip(zeros, 0.0, 8) is None
    assert compressible_fraction(zeros) is None
