"""Spectra of products: the explicit product's SVD, known ranks, extremes."""

import numpy as np
import pytest

from pipeline.metrics.circuits.products import (
    describe_solved,
    factor_spectrum,
    factorise,
    product_spectrum,
)


def gaussian(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize(
    ("n_left", "n_right", "rank"), [(40, 30, 5), (6, 50, 6), (4, 5, 9), (7, 1, 1)]
)
def test_the_core_has_the_singular_values_of_the_product(n_left, n_right, rank):
    left, right = gaussian(n_left, rank), gaussian(n_right, rank, seed=1)
    solved = product_spectrum(factorise(left), factorise(right), scale=0.5)
    explicit = np.linalg.svd(0.5 * left @ right.T, compute_uv=False)
    count = min(n_left, n_right, rank)
    np.testing.assert_allclose(solved.sigma, explicit[:count], rtol=1e-12)
    assert np.all(explicit[count:] < 1e-13 * explicit[0])


def test_orthogonal_factors_by_hand():
    # L = diag(3, 2) on two axes, R = diag(5, 7): the product's σ are 15 and 14.
    left = np.array([[3.0, 0], [0, 2], [0, 0]])
    right = np.array([[0.0, 7], [5, 0]])
    solved = product_spectrum(factorise(left), factorise(right))
    assert solved.sigma == pytest.approx([15, 14])
    # Axes that do not meet: W_Qᵀ·W_K of a query and a key in different directions.
    empty = product_spectrum(
        factorise(np.array([[1.0, 0]])), factorise(np.array([[0.0, 1]]))
    )
    assert empty.sigma == pytest.approx([0])
    assert empty.error_bound < 1e-13


def test_a_product_of_known_rank_has_it():
    left = gaussian(60, 3) @ gaussian(3, 8, seed=2)
    solved = product_spectrum(factorise(left), factorise(gaussian(50, 8, seed=1)))
    row = describe_solved(solved, (60, 50), 2.0**-23)
    assert (row["numerical_rank"], row["design_rank"]) == (3, 8)
    assert row["frobenius_norm"] == pytest.approx(
        np.linalg.norm(left @ gaussian(50, 8, seed=1).T)
    )


def test_a_change_of_basis_inside_the_head_changes_nothing():
    left, right = gaussian(30, 6), gaussian(20, 6, seed=1)
    basis = gaussian(6, 6, seed=2)
    before = product_spectrum(factorise(left), factorise(right))
    after = product_spectrum(
        factorise(left @ basis), factorise(right @ np.linalg.inv(basis).T)
    )
    np.testing.assert_allclose(after.sigma, before.sigma, rtol=1e-10)
    assert not np.allclose(
        factor_spectrum(factorise(left @ basis)).sigma,
        factor_spectrum(factorise(left)).sigma,
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e150])
def test_shape_metrics_do_not_know_the_scale(scale):
    left, right = gaussian(20, 4), gaussian(20, 4, seed=1)
    plain = product_spectrum(factorise(left), factorise(right))
    scaled = product_spectrum(factorise(left * scale), factorise(right))
    rows = [describe_solved(one, (20, 20), 2.0**-23) for one in (plain, scaled)]
    for name in ("stable_rank", "effective_rank", "numerical_rank"):
        assert rows[1][name] == pytest.approx(rows[0][name], rel=1e-12)
    assert rows[1]["spectral_norm"] == pytest.approx(scale * rows[0]["spectral_norm"])


def test_beyond_float64_is_a_status():
    huge = factorise(np.full((3, 2), 1e200))
    row = describe_solved(product_spectrum(huge, huge), (3, 3), 2.0**-52)
    assert row == {"status": "non_finite", "reason": "its norm is beyond float64"}


def test_zeros_are_zeros():
    nothing = factorise(np.zeros((4, 2)))
    solved = product_spectrum(nothing, factorise(gaussian(3, 2)))
    row = describe_solved(solved, (4, 3), 2.0**-23)
    assert (row["status"], row["numerical_rank"]) == ("all_zero", 0)
    assert row["stable_rank"] is None


def test_the_error_bound_holds():
    left, right = gaussian(30, 10), gaussian(30, 10, seed=1)
    left[:, 0] *= 1e-12  # a direction that squares would lose
    solved = product_spectrum(factorise(left), factorise(right))
    explicit = np.linalg.svd(left @ right.T, compute_uv=False)
    assert np.abs(solved.sigma - explicit[:10]).max() <= 2 * solved.error_bound
