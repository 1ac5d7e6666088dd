"""Is a tail a power law, and is its exponent free of the matrix's shape?"""

import numpy as np
import pytest

from pipeline.metrics.spectra.singular_values import singular_values
from pipeline.metrics.tails.bootstrap import bootstrap_p, count_draws
from pipeline.metrics.tails.farms import MOST_SQUARES, hill_of_squares, place_squares
from pipeline.metrics.tails.hill import hill_alpha
from pipeline.metrics.tails.power_law import fit_power_law
from pipeline.metrics.tails.tail_fits import SEED, measure_tails
from tests.metrics.made_arrays import stream_of, tensor_of

ASPECTS = (1, 2, 4, 8)


def measure(matrix, dtype="F32"):
    return measure_tails(tensor_of(matrix, dtype))["tail_fits"][0]


def p_of(x, n_draws=40, seed=0):
    rng = np.random.default_rng(seed)
    return bootstrap_p(x, fit_power_law(x), rng, n_draws=n_draws)[0]


def lam_of(matrix):
    return np.linalg.svd(matrix, compute_uv=False) ** 2


def test_squares_run_from_end_to_end():
    assert place_squares(100, 100) == [0]
    assert place_squares(150, 100) == [0, 50]
    assert place_squares(300, 100) == [0, 100, 200]
    assert place_squares(50_257, 768)[-1] == 50_257 - 768
    assert len(place_squares(50_257, 768)) == MOST_SQUARES


def test_a_square_matrix_has_its_own_hill_estimate():
    w = np.random.default_rng(0).standard_normal((60, 60))
    (found,) = hill_of_squares(
        w, "F64", singular_values, abs_max=float(np.abs(w).max()), eps=2**-52
    )
    assert found == pytest.approx(hill_alpha(lam_of(w)))


def correlated(n_rows, n_cols, seed):
    """Columns that vary by a power law: a trained matrix's like, at any height."""
    rng = np.random.default_rng(seed)
    scales = np.arange(1, n_cols + 1) ** -0.5
    return rng.standard_normal((n_rows, n_cols)) * rng.permutation(scales)


@pytest.mark.parametrize("make", ["noise", "correlated"])
def test_the_answer_does_not_depend_on_the_shape_where_the_plain_one_does(make):
    side = 96
    plain, farms = [], []
    for aspect in ASPECTS:
        w = correlated(aspect * side, side, aspect)
        if make == "noise":
            w = np.random.default_rng(aspect).standard_normal((aspect * side, side))
        plain.append(hill_alpha(lam_of(w)))
        abs_max = float(np.abs(w).max())
        squares = hill_of_squares(
            w, "F64", singular_values, abs_max=abs_max, eps=2**-52
        )
        assert len(squares) == aspect
        farms.append(np.mean(squares))
    assert max(farms) / min(farms) < 1.06
    assert max(plain) / min(plain) > 1.15


def test_scale_and_side_change_nothing():
    w = correlated(200, 50, 0)
    one = measure(w, "F64")
    for other in (
        measure(w * 1e-6, "F64"),
        measure(w * 1e6, "F64"),
        measure(w.T, "F64"),
    ):
        for name in ("alpha_p", "alpha_farms", "alpha_farms_sd"):
            assert other[name] == pytest.approx(one[name], rel=1e-9), name


def test_p_of_true_power_laws_is_as_often_small_as_it_says():
    rng = np.random.default_rng(0)
    p = np.array([p_of(rng.pareto(1.5, 150) + 1) for _ in range(80)])
    assert (p <= 0.1).sum() <= 15  # 8 expected; more than 15 has p = 0.004
    assert p.mean() == pytest.approx(0.5, abs=0.12)


def test_a_body_below_the_tail_does_not_reject_it():
    rng = np.random.default_rng(1)
    p = [
        p_of(np.append(rng.pareto(2, 200) + 1, rng.uniform(0.1, 1, 200)))
        for _ in range(20)
    ]
    assert sum(each <= 0.1 for each in p) <= 5


def test_what_is_no_power_law_is_rejected():
    rng = np.random.default_rng(2)
    bounded = rng.uniform(1, 2, 2000)
    assert p_of(bounded) == pytest.approx(1 / 41)
    assert p_of(1 + rng.weibull(1.5, 3000)) < 0.1


def test_p_is_counted_by_hand():
    x = np.random.default_rng(3).pareto(2, 60) + 1
    fit = fit_power_law(x)
    p, n = bootstrap_p(x, fit, np.random.default_rng(4), n_draws=19)
    assert n == 19
    assert p * 20 == pytest.approx(round(p * 20))
    with pytest.raises(ValueError, match="the fit is too_few"):
        bootstrap_p(x, fit_power_law(x[:3]), np.random.default_rng(), n_draws=1)


def test_larger_spectra_have_fewer_draws():
    assert [count_draws(n) for n in (8, 768, 2048, 100_000)] == [200, 200, 100, 50]


def test_the_seed_is_in_the_row_and_decides():
    w = correlated(80, 40, 1)
    assert measure(w) == measure(w)
    assert measure(w)["seed"] == SEED


@pytest.mark.parametrize(
    ("matrix", "status"),
    [
        (np.zeros((9, 9)), "all_zero"),
        (np.full((9, 9), np.inf), "non_finite"),
        (np.zeros((0, 4)), "empty"),
        (np.ones((9, 9)), "ok"),
        (np.eye(2), "ok"),
        (np.arange(9.0), "no_view"),
    ],
)
def test_every_tensor_has_a_row_and_a_status(matrix, status):
    row = measure(matrix)
    assert row["status"] == status
    assert row["reason"]
    assert row.get("alpha_p") is None


def test_a_streamed_tensor_has_a_p_and_says_why_it_has_no_submatrices():
    w = correlated(80, 40, 2)
    tensor = tensor_of(w)
    object.__setattr__(tensor, "values", stream_of(w, "F32"))
    (row,) = measure_tails(tensor)["tail_fits"]
    assert row["alpha_p"] == measure(w)["alpha_p"]
    assert "raise --memory" in row["reason"]
