"""Norms and ranks of spectra whose answers are known by hand."""

import numpy as np
import pytest

from pipeline.metrics.spectra.spectrum import describe_spectrum


def describe(sigma, n_rows=None, eps=2.0**-23):
    sigma = np.asarray(sigma, np.float64)
    n_rows = n_rows or sigma.size
    return describe_spectrum(sigma, n_rows=n_rows, n_cols=sigma.size, eps=eps)


def test_a_case_worked_by_hand():
    row = describe([4, 2, 2, 1])  # λ: 16 4 4 1, together 25
    expected = {
        "spectral_norm": 4,
        "frobenius_norm": 5,
        "nuclear_norm": 9,
        "condition_number": 4,
        "stable_rank": 25 / 16,
        "participation_ratio": 625 / (256 + 16 + 16 + 1),
        "numerical_rank": 4,
        "rank_50": 1,  # 16 of 25 are 64 %
        "rank_80": 2,  # 20 of 25, no more and no less
        "rank_90": 3,  # 24 of 25
        "rank_99": 4,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_equal_values_have_full_rank_by_every_measure(n):
    row = describe(np.full(n, 0.3))
    for name in ("stable_rank", "effective_rank", "participation_ratio"):
        assert row[name] == pytest.approx(n)
    assert row["spectral_entropy"] == (pytest.approx(1) if n > 1 else None)
    assert row["rank_ratio"] == 1


def test_a_single_direction_has_rank_one_by_every_measure():
    row = describe([7.0, 0, 0])
    for name in ("stable_rank", "effective_rank", "participation_ratio"):
        assert row[name] == pytest.approx(1)
    assert (row["numerical_rank"], row["condition_number"]) == (1, None)
    assert row["spectral_entropy"] == 0


def test_effective_rank_takes_the_entropy_of_sigma_not_of_its_square():
    p = np.array([0.75, 0.25])
    expected = np.exp(-(p * np.log(p)).sum())
    assert describe([3, 1])["effective_rank"] == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1e-6, 1e6, 1e-200])
def test_shape_does_not_depend_on_scale(scale):
    sigma = np.geomspace(5, 0.1, 9)
    names = (
        "stable_rank",
        "effective_rank",
        "participation_ratio",
        "rank_90",
        "spectral_entropy",
        "numerical_rank",
        "condition_number",
    )
    one, scaled = describe(sigma), describe(sigma * scale)
    assert {n: scaled[n] for n in names} == pytest.approx({n: one[n] for n in names})


def test_a_zero_matrix_has_a_status_and_nulls():
    row = describe([0.0, 0.0])
    assert row["status"] == "all_zero"
    assert row["stable_rank"] is None
    assert (row["spectral_norm"], row["numerical_rank"]) == (0, 0)


def test_a_coarse_dtype_is_ranked_as_the_float32_it_decodes_to():
    sigma = np.geomspace(1, 0.01, 100)
    assert describe(sigma, 4096, eps=2.0**-7)["numerical_rank"] == 100
