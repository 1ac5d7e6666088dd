"""A shuffle keeps every element, and every order is as likely as any other."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from pipeline.metrics.nulls import shuffles
from pipeline.metrics.nulls.shuffles import shuffle, shuffle_rows

WAYS = {
    "at once": (1 << 20, 1 << 20),
    "by buckets": (0, 1 << 20),
    "by buckets in pieces": (0, 100),
}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    cache_bytes, piece_bytes = WAYS[request.param]
    monkeypatch.setattr(shuffles, "CACHE_BYTES", cache_bytes)
    monkeypatch.setattr(shuffles, "PIECE_BYTES", piece_bytes)


def shuffled(values, seed):
    return np.concatenate([values[:0], *map(np.copy, shuffle(values, (seed,)))])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dtype", [np.float32, np.uint16, np.uint8])
@pytest.mark.parametrize("n", [0, 1, 2, 1000, 9000])
def test_the_elements_stay_and_their_order_goes(dtype, n):
    values = np.arange(n).astype(dtype)
    mixed = shuffled(values, 0)
    assert mixed.dtype == dtype
    assert (np.sort(mixed) == np.sort(values)).all()
    assert n < 3 or (mixed != values).any()
    assert (values == np.arange(n).astype(dtype)).all()
    assert (mixed == shuffled(values, 0)).all()
    assert n < 1000 or (mixed != shuffled(values, 1)).any()


@pytest.mark.usefixtures("way")
def test_every_order_is_as_likely():
    values = np.arange(4, dtype=np.float32)
    found = [tuple(shuffled(values, seed).tolist()) for seed in range(4800)]
    counts = [found.count(order) for order in permutations(values.tolist())]
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.usefixtures("way")
def test_places_are_independent_of_where_an_element_was():
    values = np.arange(9000, dtype=np.float64)
    mixed = shuffled(values, 2)
    assert abs(stats.spearmanr(values, mixed).statistic) < 0.04
    assert abs(stats.spearmanr(mixed[1:], mixed[:-1]).statistic) < 0.04


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("n_cols", [1, 7, 90, 1000])
def test_rows_are_the_same_elements_in_the_same_order(n_cols):
    values = np.arange(7000, dtype=np.float32)
    blocks = [block.copy() for block in shuffle_rows(values, n_cols, (3,))]
    assert {block.shape[1] for block in blocks} == {n_cols}
    joined = np.concatenate([block.ravel() for block in blocks])
    assert (joined == shuffled(values, 3)[: 7000 // n_cols * n_cols]).all()
