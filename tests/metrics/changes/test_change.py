"""Changes of a tensor: by hand, against numpy, and matrices of known geometry."""

import numpy as np
import pytest

from pipeline.metrics.changes.change import measure_change
from pipeline.metrics.changes.subspaces import measure_directions


def test_a_case_worked_by_hand():
    old = np.array([[3.0, 4.0, 0.0, 0.0]])
    new = np.array([[3.0, -4.0, 0.0, 6.0]])
    row = measure_change([(old, new)])
    expected = {
        "from_norm": 5,
        "change_norm": 10,  # (0, 8, 0, 6)
        "relative_change": 2,
        "cosine_similarity": -7 / (5 * np.sqrt(61)),
        "sign_flip_fraction": 0.25,
        "unchanged_fraction": 0.5,
        "abs_max_change": 8,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_blocks_add_up_to_the_whole():
    rng = np.random.default_rng(0)
    old, new = rng.standard_normal((2, 60, 7))
    whole = measure_change([(old, new)])
    parts = measure_change(
        [(old[i : i + 13], new[i : i + 13]) for i in range(0, 60, 13)]
    )
    assert parts.pop("status") == whole.pop("status") == "ok"
    assert parts == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_ratios_do_not_depend_on_scale(scale):
    old, new = np.random.default_rng(1).standard_normal((2, 30, 30))
    names = "relative_change", "cosine_similarity", "sign_flip_fraction"
    one, other = (
        measure_change([(old, new)]),
        measure_change([(old * scale, new * scale)]),
    )
    assert [other[n] for n in names] == pytest.approx([one[n] for n in names])


def test_non_finite_pairs_are_left_out_and_counted():
    old = np.array([[1.0, np.nan, 2.0, 3.0]])
    new = np.array([[1.0, 5.0, np.inf, 4.0]])
    row = measure_change([(old, new)])
    assert (row["n_left_out"], row["status"]) == (2, "ok")
    assert row["relative_change"] == pytest.approx(1 / np.sqrt(10))
    assert measure_change([(old[:, 1:2], new[:, 1:2])])["status"] == "non_finite"


def test_a_zero_tensor_has_no_relative_change():
    row = measure_change([(np.zeros((2, 2)), np.ones((2, 2)))])
    assert row["relative_change"] is None
    assert row["cosine_similarity"] is None


def low_rank(rng, n_rows, n_cols, rank):
    return rng.standard_normal((n_rows, rank)) @ rng.standard_normal((rank, n_cols))


def test_a_low_rank_change_is_seen_as_one():
    rng = np.random.default_rng(2)
    old = rng.standard_normal((80, 50))
    row = measure_directions(old, old + 1e-3 * low_rank(rng, 80, 50, 3))
    assert row["change_effective_rank"] <= 3
    assert row["change_rank_90"] <= 3


def spiked(rng, directions, n=200):
    """A matrix whose leading left directions are the given columns."""
    right = np.linalg.qr(rng.standard_normal((n, directions.shape[1])))[0]
    strength = np.linspace(40, 20, directions.shape[1])
    return (directions * strength) @ right.T + 0.02 * rng.standard_normal((n, n))


def test_directions_that_stay_have_no_angle_and_foreign_ones_are_intruders():
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.standard_normal((200, 16)))[0]
    old = spiked(rng, basis[:, :8])
    same = measure_directions(old, old * 1.1)
    assert same["left_angle_max"] == pytest.approx(0, abs=1e-6)
    assert (same["n_intruders"], same["base_share"]) == (0, pytest.approx(1, abs=1e-2))
    other = measure_directions(old, spiked(rng, basis[:, 8:]))
    assert other["n_intruders"] == 8
    assert other["left_angle_max"] == pytest.approx(np.pi / 2, abs=0.05)


def test_a_known_angle_is_measured():
    rng = np.random.default_rng(4)
    basis = np.linalg.qr(rng.standard_normal((200, 9)))[0]
    turned = basis[:, :8].copy()
    turned[:, 7] = np.cos(0.3) * basis[:, 7] + np.sin(0.3) * basis[:, 8]
    row = measure_directions(spiked(rng, basis[:, :8]), spiked(rng, turned))
    assert row["left_angle_max"] == pytest.approx(0.3, abs=0.01)


def test_transposing_swaps_the_sides():
    rng = np.random.default_rng(5)
    old = spiked(rng, np.linalg.qr(rng.standard_normal((200, 8)))[0])
    new = old + 0.5 * low_rank(rng, 200, 200, 2)
    one, other = measure_directions(old, new), measure_directions(old.T, new.T)
    assert other["left_angle_max"] == pytest.approx(one["right_angle_max"], abs=1e-6)
    assert other["change_stable_rank"] == pytest.approx(one["change_stable_rank"])


@pytest.mark.parametrize("shape", [(1, 5), (2, 2), (5, 1)])
def test_tiny_matrices_have_rows_too(shape):
    rng = np.random.default_rng(6)
    row = measure_directions(*rng.standard_normal((2, *shape)))
    assert row["n_directions"] == min(shape)


def test_squares_beyond_float64_leave_no_norm():
    x = np.array([1e300, 2.0, -1e300])
    row = measure_change([(x, -x)])
    assert (row["status"], row["sign_flip_fraction"]) == ("overflow", 1.0)
    assert "relative_change" not in row
    assert "cosine_similarity" not in row
