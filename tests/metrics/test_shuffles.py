"""A shuffle keeps every element, and every order is as likely as any other."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from pipeline.metrics import shuffles
from pipeline.metrics.shuffles import shuffle


@pytest.fixture(params=[1 << 20, 0], ids=["at once", "by buckets"])
def cache_bytes(request, monkeypatch):
    monkeypatch.setattr(shuffles, "_CACHE_BYTES", request.param)


@pytest.mark.usefixtures("cache_bytes")
@pytest.mark.parametrize("dtype", [np.float32, np.uint16, np.uint8])
@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_the_elements_stay_and_their_order_goes(dtype, n):
    values = np.arange(n).astype(dtype)
    mixed = shuffle(values, np.random.default_rng(0))
    assert mixed.dtype == dtype
    assert (np.sort(mixed) == np.sort(values)).all()
    assert n < 3 or (mixed != values).any()
    assert (values == np.arange(n).astype(dtype)).all()
    assert (mixed == shuffle(values, np.random.default_rng(0))).all()


@pytest.mark.usefixtures("cache_bytes")
@pytest.mark.parametrize("n_buckets", [2, 256])
def test_every_order_is_as_likely(n_buckets, monkeypatch):
    monkeypatch.setattr(shuffles, "_N_BUCKETS", n_buckets)
    rng = np.random.default_rng(1)
    values = np.arange(4, dtype=np.float32)
    found = [tuple(shuffle(values, rng).tolist()) for _ in range(4800)]
    counts = [found.count(order) for order in permutations(values.tolist())]
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.usefixtures("cache_bytes")
def test_places_are_independent_of_where_an_element_was():
    values = np.arange(2000, dtype=np.float64)
    mixed = shuffle(values, np.random.default_rng(2))
    assert abs(stats.spearmanr(values, mixed).statistic) < 0.08
