"""Sketches: the same places in every tensor of one shape, whichever way round."""

import numpy as np
import pytest

from pipeline.metrics.entries.sketches import N_SAMPLES, measure_sketch, sample_places
from pipeline.metrics.tensor import Tensor
from tests.metrics.made_arrays import as_stored, stream_of, tensor_of


def entries(tensor):
    ((row,),) = measure_sketch(tensor).values()
    return row["entries"]


def numbered(*shape):
    """Each entry holds its own place, so that a sample says where it was taken."""
    return np.arange(np.prod(shape), dtype=np.float64).reshape(shape)


def test_a_small_tensor_is_kept_whole():
    assert entries(tensor_of([[1.0, 2, 3], [4, 5, 6]])).tolist() == [1, 4, 2, 5, 3, 6]
    assert entries(tensor_of([7.0, 8, 9])).tolist() == [7, 8, 9]
    assert entries(tensor_of(2.5)).tolist() == [2.5]
    assert entries(tensor_of(np.zeros((0, 4)))).size == 0


def test_places_are_those_of_every_version():
    # Stored sketches are compared with later ones: these numbers may never change.
    assert sample_places(300, 20)[:3].tolist() == [597, 2385, 5896]
    assert sample_places(300, 20).size == N_SAMPLES


def test_places_spread_evenly():
    places = sample_places(1000, 700)
    assert places.min() >= 0
    assert places.max() < 700_000
    counts, _ = np.histogram(places, bins=8, range=(0, 700_000))
    assert counts.min() > 15
    assert np.unique(places % 700).size > 200


@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (17, 1000)])
def test_the_other_way_round_gives_the_same_sample(shape):
    array = numbered(*shape)
    assert np.array_equal(entries(tensor_of(array)), entries(tensor_of(array.T)))


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F64", "F8_E4M3", "I8"])
def test_a_sample_holds_the_stored_values(dtype):
    array = np.random.default_rng(0).normal(size=(50, 30)) * 9
    expected = as_stored(array, dtype).ravel()[sample_places(50, 30)]
    assert np.array_equal(
        entries(tensor_of(array, dtype)), expected.astype(np.float32), equal_nan=True
    )


def test_a_tensor_too_large_to_hold_gives_the_same_sample():
    array = np.random.default_rng(0).normal(size=(700, 300))
    streamed = Tensor(stream_of(array, "F32"), [], "", 1 << 20)
    assert np.array_equal(entries(streamed), entries(tensor_of(array)))


def test_what_is_not_finite_is_kept():
    array = np.full((2, 2), np.nan)
    array[0] = 1e300, np.inf
    found = entries(tensor_of(array, "F64"))
    assert np.isnan(found).sum() == 2
    assert np.isposinf(found).sum() == 2
