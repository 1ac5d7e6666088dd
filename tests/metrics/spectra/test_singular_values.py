"""Singular values against LAPACK's SVD in float64, and matrices of known spectrum."""

import numpy as np
import pytest

from pipeline.metrics.spectra.singular_values import (
    blocks_of_array,
    blocks_of_stream,
    singular_values,
)
from tests.metrics.made_arrays import as_stored, stream_of, values_of


def solve(array, dtype="F32"):
    patterns = values_of(array, dtype).array()
    biggest = float(np.abs(as_stored(array, dtype)).max())
    n_small = min(patterns.shape)
    return singular_values(blocks_of_array(patterns, dtype), n_small, abs_max=biggest)


def with_spectrum(sigma, n_rows, seed=0):
    """A matrix with exactly these singular values, by random orthogonal factors."""
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.standard_normal((n_rows, len(sigma))))[0]
    right = np.linalg.qr(rng.standard_normal((len(sigma), len(sigma))))[0]
    return left * sigma @ right.T


@pytest.mark.parametrize("shape", [(300, 70), (70, 300), (64, 64), (1, 9), (9, 1)])
@pytest.mark.parametrize("dtype", ["F32", "BF16", "F16", "F64"])
def test_equal_to_the_svd_in_float64(shape, dtype):
    array = np.random.default_rng(1).standard_normal(shape)
    solved = solve(array, dtype)
    expected = np.linalg.svd(as_stored(array, dtype), compute_uv=False)
    np.testing.assert_allclose(solved.sigma, expected, rtol=0, atol=solved.error_bound)
    np.testing.assert_allclose(solved.sigma, expected, rtol=1e-9)


def test_closer_to_the_truth_than_an_svd_in_float32():
    array = np.random.default_rng(2).standard_normal((400, 400)).astype(np.float32)
    truth = np.linalg.svd(array.astype(np.float64), compute_uv=False)
    ours = np.abs(solve(array).sigma / truth - 1).max()
    single = np.abs(np.linalg.svd(array, compute_uv=False) / truth - 1).max()
    assert ours < single / 100


def test_a_known_spectrum_is_found():
    sigma = np.geomspace(1, 1e-4, 40)
    np.testing.assert_allclose(solve(with_spectrum(sigma, 90), "F64").sigma, sigma)


def test_an_svd_decides_where_squares_would_lose_the_smallest():
    sigma = np.geomspace(1, 1e-11, 30)
    solved = solve(with_spectrum(sigma, 900), "F64")
    assert solved.method == "svd"
    np.testing.assert_allclose(solved.sigma, sigma, rtol=1e-3)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e-6, 1e6, 1e150])
def test_a_scale_factors_out_exactly(scale):
    power = 2.0 ** round(np.log2(scale))
    array = np.random.default_rng(4).standard_normal((50, 20))
    one, scaled = solve(array, "F64"), solve(array * power, "F64")
    np.testing.assert_array_equal(scaled.sigma, one.sigma * power)


def test_transposing_changes_nothing():
    array = np.random.default_rng(5).standard_normal((33, 80))
    np.testing.assert_allclose(solve(array).sigma, solve(array.T).sigma, rtol=1e-12)


def test_a_zero_matrix_has_zeros():
    assert solve(np.zeros((4, 3))).sigma.tolist() == [0, 0, 0]


def test_a_streamed_tall_matrix_equals_a_resident_one():
    array = np.random.default_rng(6).standard_normal((5000, 33))
    biggest = float(np.abs(as_stored(array, "F32")).max())
    streamed = singular_values(
        blocks_of_stream(stream_of(array, "F32")), 33, abs_max=biggest
    )
    np.testing.assert_allclose(streamed.sigma, solve(array).sigma, rtol=1e-13)
