"""Tail columns of a spectrum: Hill, ERG, and what must hold for every matrix."""

import numpy as np
import pytest

from pipeline.metrics.tails.erg import n_erg_spikes
from pipeline.metrics.tails.hill import hill_alpha
from pipeline.metrics.tails.tail import describe_tail

SHAPE_METRICS = (
    "alpha",
    "alpha_hill",
    "alpha_plateau",
    "ks_distance",
    "n_tail",
    "n_spikes",
    "mp_softrank",
    "bulk_fraction",
    "n_erg_spikes",
    "lognormal_p",
)


def describe(matrix):
    sigma = np.linalg.svd(matrix, compute_uv=False)
    n_rows, n_cols = matrix.shape
    return describe_tail(sigma, n_rows=n_rows, n_cols=n_cols)


def test_hill_by_hand():
    lam = np.array([16.0, 8, 4, 2, 2])
    assert hill_alpha(lam) == pytest.approx(1 + 2 / np.log(16 * 8 / 4**2))
    assert hill_alpha(np.ones(6)) is None
    assert hill_alpha(np.ones(3)) is None


def test_hill_of_exact_quantiles_is_their_exponent():
    lam = np.arange(1, 20_001) ** (-1 / 1.5)
    assert hill_alpha(lam) == pytest.approx(2.5, rel=1e-3)


def test_erg_by_hand_and_without_overflow():
    # In units of their mean, 4.4, their products run 3.64, 3.31, 0.75.
    assert n_erg_spikes(np.array([16.0, 4, 1, 0.5, 0.5])) == 3
    assert n_erg_spikes(np.full(7, 0.3)) == 0
    # The product of the first 2,500 is 1e2500.
    lam = np.append(np.full(2500, 10.0), np.full(2500, 1e-9)) * 2
    assert n_erg_spikes(lam) > 2500


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 3e-4, 1e6])
def test_shape_does_not_depend_on_scale_or_side(scale):
    w = np.random.default_rng(0).standard_t(3, (120, 70))
    one, scaled, turned = describe(w), describe(w * scale), describe(w.T)
    for name in SHAPE_METRICS:
        assert scaled[name] == pytest.approx(one[name], rel=1e-9), name
        assert turned[name] == pytest.approx(one[name], rel=1e-9), name
    assert scaled["alpha_xmin"] == pytest.approx(one["alpha_xmin"] * scale**2)


def test_what_rounding_leaves_of_a_null_space_is_not_fitted():
    rng = np.random.default_rng(1)
    product = rng.standard_normal((200, 30)) @ rng.standard_normal((30, 100))
    row = describe(product.astype(np.float32).astype(np.float64))
    assert row["fit_status"] == "ok"
    assert row["n_tail"] <= 30
    assert row["mp_sigma"] is not None  # of the rounding: its bulk is real
    assert row["n_spikes"] == 30


def test_a_zero_matrix_has_a_status_and_no_number():
    assert describe(np.zeros((9, 9))) == {"fit_status": "too_few", "n_erg_spikes": 0}


def test_a_small_matrix_has_no_bulk():
    row = describe(np.random.default_rng(0).standard_normal((50, 4)))
    assert row["fit_status"] == "too_few"
    assert "n_spikes" not in row
